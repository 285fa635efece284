#include "tests/support/run.hpp"

#include "auth/dmarc/evaluate.hpp"
#include "auth/dmarc/identifier_alignment.hpp"
#include "auth/dmarc/tree_walk.hpp"

#include "dns/zone_resolver.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace gatepost::auth::dmarc {
namespace {

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

// TXT records by owner; an owner without any exists all the same.
using Zone = std::map<std::string, std::vector<std::string>>;

// What the DNS says at one owner in place of the zone.
enum class World { as_it_is, failing, absent };

dns::ZoneResolver resolver_of(Zone zone, const std::string& owner = {}, World world = World::as_it_is) {
    dns::ZoneResolver resolver;
    if (world != World::as_it_is) zone.erase(owner);
    for (const auto& [text, records] : zone) {
        resolver.add_name(name(text));
        for (const std::string& record : records)
            resolver.add(name(text), dns::RrType::txt, record);
    }
    if (world == World::failing) resolver.add_failure(name(owner), std::nullopt, "no answer");
    return resolver;
}

struct Mail {
    std::string author;
    spf::Check spf;
    std::vector<dkim::Signature> signatures;
};

spf::Check spf_check(spf::Result result, std::string_view domain) {
    spf::Check check;
    check.result = result;
    check.domain = name(domain);
    return check;
}

dkim::Signature signature(dkim::Result result, std::string_view domain) {
    dkim::Signature signature;
    signature.result = result;
    signature.domain = name(domain);
    return signature;
}

Evaluation evaluate_mail(const Mail& mail, dns::Resolver& resolver, Discovery method = Discovery::treewalk) {
    const Discovered discovered = tests::run(discover(name(mail.author), method, resolver));
    return tests::run(evaluate(name(mail.author), discovered, method, mail.spf, mail.signatures, resolver));
}

struct Scene {
    const char* title;
    Zone zone;
    Mail mail;
};

std::vector<Scene> scenes() {
    const spf::Check no_spf;
    const Zone own{{"_dmarc.example.com", {"v=DMARC1; p=reject"}}, {"mail.example.com", {}}};
    const Zone sub{{"_dmarc.example.com", {"v=DMARC1; p=reject; sp=quarantine; np=none"}},
                   {"a.example.com", {}}};
    const Zone bank{{"_dmarc.bank.example", {"v=DMARC1; p=reject; np=quarantine; psd=y"}},
                    {"_dmarc.giant.bank.example", {"v=DMARC1; p=quarantine"}}};
    const Zone strict{{"_dmarc.example.com", {"v=DMARC1; p=reject; adkim=s; aspf=s"}}};
    return {
        {"own record, nothing authenticated", own, {"example.com", no_spf, {}}},
        {"own record, SPF of the same name",
         own,
         {"example.com", spf_check(spf::Result::pass, "example.com"), {}}},
        {"own record, SPF below", own, {"example.com", spf_check(spf::Result::pass, "mail.example.com"), {}}},
        {"own record, SPF of another",
         own,
         {"example.com", spf_check(spf::Result::pass, "a.example.net"), {}}},
        {"own record, DKIM below",
         own,
         {"example.com", no_spf, {signature(dkim::Result::pass, "a.b.example.com")}}},
        {"own record, DKIM temperror",
         own,
         {"example.com", no_spf, {signature(dkim::Result::temperror, "example.com")}}},
        {"own record, DKIM temperror of another",
         own,
         {"example.com", no_spf, {signature(dkim::Result::temperror, "example.net")}}},
        {"own record, SPF temperror but DKIM passes",
         own,
         {"example.com",
          spf_check(spf::Result::temperror, "example.com"),
          {signature(dkim::Result::pass, "example.com")}}},
        {"sp", sub, {"a.example.com", no_spf, {}}},
        {"np", sub, {"ghost.example.com", no_spf, {}}},
        {"np, aligned", sub, {"ghost.example.com", spf_check(spf::Result::pass, "example.com"), {}}},
        {"np, a sibling",
         sub,
         {"ghost.example.com", no_spf, {signature(dkim::Result::pass, "b.example.com")}}},
        {"psd", bank, {"giant.bank.example", spf_check(spf::Result::pass, "m.giant.bank.example"), {}}},
        {"psd, another below it",
         bank,
         {"giant.bank.example", no_spf, {signature(dkim::Result::pass, "mega.bank.example")}}},
        {"psd, np", bank, {"ghost.bank.example", no_spf, {}}},
        {"strict", strict, {"example.com", no_spf, {signature(dkim::Result::pass, "a.example.com")}}},
        {"strict, the same name",
         strict,
         {"example.com", no_spf, {signature(dkim::Result::pass, "example.com")}}},
        {"no record", {}, {"a.b.example.com", spf_check(spf::Result::pass, "example.com"), {}}},
    };
}

std::vector<dns::ZoneResolver> worlds_of(const Scene& scene, const std::string& owner) {
    std::vector<dns::ZoneResolver> worlds{resolver_of(scene.zone),
                                          resolver_of(scene.zone, owner, World::absent)};
    for (const char* answer :
         {"v=DMARC1; p=none", "v=DMARC1; p=reject; sp=none; np=none", "v=DMARC1; p=reject; psd=n",
          "v=DMARC1; p=quarantine; psd=y", "v=DMARC1; p=x", "other"}) {
        Zone zone = scene.zone;
        zone[owner] = {answer};
        worlds.push_back(resolver_of(zone));
    }
    return worlds;
}

// A verdict given without the answer at `owner` has to hold whatever that answer would have been, and so has
// the policy of a fail.
void expect_proven(const Scene& scene, const std::string& owner, Discovery method) {
    dns::ZoneResolver failing = resolver_of(scene.zone, owner, World::failing);
    const Evaluation blind = evaluate_mail(scene.mail, failing, method);
    if (blind.result == Result::temperror) return;
    for (dns::ZoneResolver& world : worlds_of(scene, owner)) {
        const Evaluation seeing = evaluate_mail(scene.mail, world, method);
        EXPECT_EQ(to_string(seeing.result), to_string(blind.result)) << scene.title << ", " << owner;
        if (blind.result != Result::fail) continue;
        EXPECT_EQ(seeing.applied_policy, blind.applied_policy) << scene.title << ", " << owner;
    }
}

class MissingAnswers : public testing::TestWithParam<Discovery> {};

TEST_P(MissingAnswers, prove_nothing) {  // RFC 9989 §5.3.6
    for (const Scene& scene : scenes()) {
        dns::ZoneResolver whole = resolver_of(scene.zone);
        evaluate_mail(scene.mail, whole, GetParam());
        std::set<std::string> owners;
        for (const auto& question : whole.questions())
            owners.insert(question.name.text());
        EXPECT_FALSE(owners.empty());
        for (const std::string& owner : owners)
            expect_proven(scene, owner, GetParam());
    }
}

INSTANTIATE_TEST_SUITE_P(Discoveries, MissingAnswers, testing::Values(Discovery::treewalk, Discovery::psl));

struct TroubleCase {
    const char* title;
    Mail mail;
    std::string failing;
    Result result;
};

TEST(DmarcTrouble, is_neither_pass_nor_fail) {  // RFC 9989 §5.3.6
    const Zone zone{{"_dmarc.example.com", {"v=DMARC1; p=reject; np=none"}},
                    {"_dmarc.sub.example.com", {"v=DMARC1; p=quarantine"}}};
    const spf::Check none;
    const spf::Check same = spf_check(spf::Result::pass, "sub.example.com");
    const spf::Check sibling = spf_check(spf::Result::pass, "other.example.com");
    const std::vector<TroubleCase> table{
        {"the author's own record",
         {"sub.example.com", same, {}},
         "_dmarc.sub.example.com",
         Result::temperror},
        {"above an own record, the same name passes",
         {"sub.example.com", same, {}},
         "_dmarc.com",
         Result::pass},
        // RFC 9989 §4.10.2: both walks come to example.com, and share whatever lies above it.
        {"above an own record, a sibling passes",
         {"sub.example.com", sibling, {}},
         "_dmarc.com",
         Result::pass},
        {"between two records, a sibling passes",
         {"sub.example.com", sibling, {}},
         "_dmarc.example.com",
         Result::temperror},
        {"above an own record, nothing passes", {"sub.example.com", none, {}}, "_dmarc.com", Result::fail},
        {"the sibling's own walk",
         {"sub.example.com", sibling, {}},
         "_dmarc.other.example.com",
         Result::temperror},
        {"above an own record, a name elsewhere passes",
         {"sub.example.com", spf_check(spf::Result::pass, "other.example.net"), {}},
         "_dmarc.com",
         Result::fail},
        {"existence", {"ghost.example.com", none, {}}, "ghost.example.com", Result::temperror},
        {"existence, aligned pass",
         {"ghost.example.com", spf_check(spf::Result::pass, "example.com"), {}},
         "ghost.example.com",
         Result::pass},
        {"a name that cannot align",
         {"sub.example.com", none, {signature(dkim::Result::pass, "x.example.net")}},
         "_dmarc.x.example.net",
         Result::fail},
    };
    for (const TroubleCase& entry : table) {
        dns::ZoneResolver resolver = resolver_of(zone, entry.failing, World::failing);
        const Evaluation evaluation = evaluate_mail(entry.mail, resolver);
        EXPECT_EQ(to_string(evaluation.result), to_string(entry.result)) << entry.title;
    }
}

// decide() weighs the best and the worst that missing facts may say: an unknown policy is the stricter one.
TEST(DmarcTrouble, that_hides_existence_leaves_the_stricter_policy) {
    const Zone lenient_np{{"_dmarc.example.com", {"v=DMARC1; p=reject; np=none; t=y"}}};
    const Zone strict_np{{"_dmarc.example.com", {"v=DMARC1; p=none; np=reject; t=y"}}};
    const Zone same{{"_dmarc.example.com", {"v=DMARC1; p=none; sp=reject; np=reject"}}};
    const Mail mail{"ghost.example.com", {}, {}};
    for (const Zone& zone : {lenient_np, strict_np}) {
        dns::ZoneResolver resolver = resolver_of(zone, "ghost.example.com", World::failing);
        const Evaluation evaluation = evaluate_mail(mail, resolver);
        EXPECT_EQ(evaluation.result, Result::temperror);
        EXPECT_EQ(evaluation.policy, Policy::reject);
        EXPECT_EQ(evaluation.applied_policy, Policy::quarantine);
        EXPECT_EQ(evaluation.policy_tag, "");
    }
    dns::ZoneResolver resolver = resolver_of(same, "ghost.example.com", World::failing);
    EXPECT_EQ(evaluate_mail(mail, resolver).result, Result::fail);
}

TEST(DmarcAlignment, tells_of_domains_whatever_their_checks_said) {
    dns::ZoneResolver resolver = resolver_of({{"_dmarc.example.com", {"v=DMARC1; p=reject"}}});
    const Mail mail{
        "example.com",
        spf_check(spf::Result::fail, "a.example.com"),
        {signature(dkim::Result::pass, "example.net"), signature(dkim::Result::fail, "b.example.com")}};
    const Evaluation evaluation = evaluate_mail(mail, resolver);
    EXPECT_EQ(evaluation.result, Result::fail);
    EXPECT_EQ(evaluation.spf_aligned, Alignment::no);
    EXPECT_EQ(evaluation.dkim_aligned, Alignment::no);
    EXPECT_TRUE(evaluation.spf_domain_aligned);
    EXPECT_TRUE(evaluation.dkim_domain_aligned);
    Mail unsigned_mail = mail;
    unsigned_mail.signatures.pop_back();
    EXPECT_FALSE(evaluate_mail(unsigned_mail, resolver).dkim_domain_aligned);
}

// A signature that waits for its key must not keep one that passes from being looked at.
TEST(DmarcAlignment, looks_at_all_signatures_that_can_decide) {
    dns::ZoneResolver resolver = resolver_of({{"_dmarc.example.com", {"v=DMARC1; p=reject"}}});
    Mail mail{
        "example.com",
        {},
        {signature(dkim::Result::temperror, "example.com"), signature(dkim::Result::pass, "example.com")}};
    EXPECT_EQ(evaluate_mail(mail, resolver).result, Result::pass);
    mail.signatures.pop_back();
    const Evaluation open = evaluate_mail(mail, resolver);
    EXPECT_EQ(open.result, Result::temperror);
    EXPECT_EQ(open.reason.words(), "trouble leaves open whether an identifier passes and aligns");
    mail.signatures = {signature(dkim::Result::fail, "example.com")};
    EXPECT_EQ(evaluate_mail(mail, resolver).reason.words(), "");
}

// Broken signatures tell of the sender's habits alone: one that aligns is enough, and no name is asked for
// behind it.
TEST(DmarcAlignment, asks_for_no_more_broken_signatures_once_one_aligns) {
    dns::ZoneResolver resolver = resolver_of({{"_dmarc.example.com", {"v=DMARC1; p=reject"}}});
    const Mail mail{
        "example.com",
        {},
        {signature(dkim::Result::fail, "a.example.com"), signature(dkim::Result::fail, "b.example.com")}};
    EXPECT_TRUE(evaluate_mail(mail, resolver).dkim_domain_aligned);
    for (const auto& question : resolver.questions())
        EXPECT_NE(question.name, name("_dmarc.b.example.com"));
}

// A forger's message must not become hundreds of questions (RFC 9989 §4.10 on denial of service).
TEST(DmarcAlignment, asks_for_each_name_once_and_for_few_names) {
    dns::ZoneResolver resolver = resolver_of({{"_dmarc.example.com", {"v=DMARC1; p=reject"}}});
    Mail mail{"example.com", {}, {}};
    for (int i = 0; i < 500; ++i) {
        mail.signatures.push_back(
            signature(dkim::Result::fail, "x" + std::to_string(i % 3) + ".example.net"));
        mail.signatures.push_back(signature(dkim::Result::pass, "a.b.c.example.com"));
    }
    EXPECT_EQ(evaluate_mail(mail, resolver).result, Result::pass);
    EXPECT_EQ(resolver.questions().size(), 2U + 5U);

    dns::ZoneResolver flooded = resolver_of({{"_dmarc.example.com", {"v=DMARC1; p=reject"}},
                                             {"_dmarc.other.example.com", {"v=DMARC1; p=none; psd=n"}}});
    mail.signatures.clear();
    for (int i = 0; i < 500; ++i)
        mail.signatures.push_back(
            signature(dkim::Result::fail, "x" + std::to_string(i) + ".other.example.com"));
    EXPECT_EQ(evaluate_mail(mail, flooded).result, Result::fail);
    EXPECT_LE(flooded.questions().size(), max_walk_queries * (max_alignment_walks + 1));
}

// Names beyond the last walk: what is not read counts as absent, so that a header of many names does not get
// 451 for ever, nor 250 where trouble is forgiven.
TEST(DmarcAlignment, comes_to_an_end_however_many_names_there_are) {
    dns::ZoneResolver resolver = resolver_of({{"_dmarc.example.com", {"v=DMARC1; p=reject"}}});
    Mail mail{"example.com", {}, {}};
    for (int i = 0; i < 12; ++i) {
        const std::string zone = "x" + std::to_string(i) + ".example.com";
        resolver.add(name("_dmarc." + zone), dns::RrType::txt, std::string("v=DMARC1; p=none; psd=n"));
        mail.signatures.push_back(signature(dkim::Result::temperror, zone));
    }
    EXPECT_EQ(evaluate_mail(mail, resolver).result, Result::fail);
}

// RFC 9989 §4.10 steps 2 and 6: several records are as none. The report names the first such name, and no
// other.
TEST(TreeWalk, names_the_first_of_the_names_with_several_records) {
    const std::vector<std::string> two{"v=DMARC1; p=none", "v=DMARC1; p=reject"};
    dns::ZoneResolver resolver = resolver_of({{"_dmarc.example.com", two},
                                              {"_dmarc.sub.example.com", two},
                                              {"_dmarc.com", {"v=DMARC1; p=quarantine"}}});
    const Walk walk = tests::run(tree_walk(name("a.sub.example.com"), resolver));
    EXPECT_EQ(walk.reason.text(), "several policy records: _dmarc.sub.example.com");
    ASSERT_EQ(walk.found.size(), 1U);
    EXPECT_EQ(walk.found.front().name, name("com"));
    dns::ZoneResolver one = resolver_of({{"_dmarc.example.com", {"other", "v=DMARC1; p=reject", "other"}}});
    EXPECT_EQ(tests::run(tree_walk(name("example.com"), one)).reason, "");
}

TEST(TreeWalk, asks_at_most_eight_names) {  // RFC 9989 §4.10
    EXPECT_EQ(walk_targets(name("com")), std::vector{name("com")});
    EXPECT_EQ(walk_targets(name("a.example.com")),
              (std::vector{name("a.example.com"), name("example.com"), name("com")}));
    const auto targets = walk_targets(name("a.b.c.d.e.f.g.h.i.j.mail.example.com"));
    ASSERT_EQ(targets.size(), max_walk_queries);
    EXPECT_EQ(targets[1], name("g.h.i.j.mail.example.com"));
    EXPECT_EQ(walk_targets(name("1.2.3.4.5.6.7.8")).size(), max_walk_queries);
}

TEST(TreeWalk, passes_over_a_name_too_long_for_the_dns) {
    std::string long_name = "example.com";
    while (long_name.size() + 64 <= 253)
        long_name.insert(0, std::string(63, 'a') + ".");
    long_name.insert(0, std::string(253 - long_name.size() - 1, 'b') + ".");
    dns::ZoneResolver resolver = resolver_of({{"_dmarc.example.com", {"v=DMARC1; p=reject"}}});
    const Evaluation evaluation = evaluate_mail({long_name, {}, {}}, resolver);
    EXPECT_EQ(evaluation.result, Result::fail);
    EXPECT_EQ(evaluation.record_domain, name("example.com"));
}

struct ListCase {
    const char* title;
    Zone zone;
    Mail mail;
    Result result;
    std::string record_domain;
};

TEST(DmarcByList, follows_rfc_7489) {  // §6.6.3 and §3.2
    const spf::Check none;
    const Zone org{{"_dmarc.example.co.uk", {"v=DMARC1; p=reject; sp=none"}}, {"a.b.example.co.uk", {}}};
    Zone two = org;
    two["_dmarc.a.b.example.co.uk"] = {"v=DMARC1; p=none", "v=DMARC1; p=reject"};
    Zone between = org;
    between["_dmarc.b.example.co.uk"] = {"v=DMARC1; p=reject; sp=reject"};
    const std::vector<ListCase> table{
        {"the organizational domain's record",
         org,
         {"a.b.example.co.uk", none, {}},
         Result::fail,
         "example.co.uk"},
        {"several at the author: not applied", two, {"a.b.example.co.uk", none, {}}, Result::none, ""},
        {"none between is looked at",
         between,
         {"a.b.example.co.uk", none, {}},
         Result::fail,
         "example.co.uk"},
        {"a sibling aligns",
         org,
         {"a.b.example.co.uk", spf_check(spf::Result::pass, "c.example.co.uk"), {}},
         Result::pass,
         "example.co.uk"},
        {"a public suffix aligns nothing",
         {{"_dmarc.example.co.uk", {"v=DMARC1; p=none"}}, {"_dmarc.co.uk", {"v=DMARC1; p=none"}}},
         {"example.co.uk", spf_check(spf::Result::pass, "other.co.uk"), {}},
         Result::fail,
         "example.co.uk"},
        {"a public suffix itself",
         {{"_dmarc.co.uk", {"v=DMARC1; p=none"}}},
         {"co.uk", spf_check(spf::Result::pass, "co.uk"), {}},
         Result::pass,
         "co.uk"},
    };
    for (const ListCase& entry : table) {
        dns::ZoneResolver resolver = resolver_of(entry.zone);
        const Evaluation evaluation = evaluate_mail(entry.mail, resolver, Discovery::psl);
        EXPECT_EQ(to_string(evaluation.result), to_string(entry.result)) << entry.title;
        EXPECT_EQ(evaluation.record_domain ? evaluation.record_domain->text() : "", entry.record_domain)
            << entry.title;
    }
}

}  // namespace
}  // namespace gatepost::auth::dmarc
