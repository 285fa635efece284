#include "policy/condition.hpp"

#include "policy/exemption.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace gatepost::policy {
namespace {

using namespace std::chrono_literals;

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

auth::Evidence author_of(std::string_view domain) {
    auth::Evidence evidence;
    evidence.author.domain = name(domain);
    evidence.author.fault = auth::AuthorFault::none;
    return evidence;
}

auth::Evidence without_author(auth::AuthorFault fault = auth::Author().fault) {
    auth::Evidence evidence;
    evidence.author.fault = fault;
    return evidence;
}

bool matches(const Condition& when, const Facts& facts, const auth::Evidence& evidence) {
    return when.matches({facts, evidence});
}

bool finds(const Exemption& exemption, Forgiven what, const Facts& facts, const auth::Evidence& evidence,
           const std::vector<dns::DomainName>& trusted = {}) {
    return find_exemption({exemption}, what, {facts, evidence, trusted_sealer(evidence.arc, trusted)}) !=
           nullptr;
}

Facts facts_of(std::string_view client, std::string_view mail_from) {
    Facts facts;
    facts.client_ip = dns::IpAddress::parse(client).value();
    facts.mail_from = mail_from;
    facts.today = std::chrono::sys_days(2026y / 11 / 24);
    return facts;
}

TEST(Glob, matches) {
    struct Case {
        std::string_view pattern, text;
        bool matches;
    };
    for (const Case& c : std::initializer_list<Case>{{"a@b.example", "A@B.Example", true},
                                                     {"*@b.example", "x@b.example", true},
                                                     {"*@b.example", "x@c.example", false},
                                                     {"*", "", true},
                                                     {"", "a", false},
                                                     {"a?c", "abc", true},
                                                     {"a?c", "ac", false},
                                                     {"*a*b*", "xxaxxbxx", true},
                                                     {"*a*b", "abxa", false}})
        EXPECT_EQ(glob_matches(c.pattern, c.text), c.matches) << c.pattern << " on " << c.text;
    const std::string many(5000, 'a');
    EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*b", many));  // no exponential time
}

TEST(DomainPattern, matches_a_name_or_all_below_it) {
    EXPECT_TRUE(DomainPattern::parse("example.com")->matches(name("example.com")));
    EXPECT_FALSE(DomainPattern::parse("example.com")->matches(name("a.example.com")));
    EXPECT_TRUE(DomainPattern::parse("*.example.com")->matches(name("a.b.example.com")));
    EXPECT_FALSE(DomainPattern::parse("*.example.com")->matches(name("example.com")));
    EXPECT_FALSE(DomainPattern::parse("*.example.com")->matches(name("notexample.com")));
    for (const auto* text : {"", "*", "*.", "a.*.com", "-a.com"})
        EXPECT_FALSE(DomainPattern::parse(text)) << text;
}

TEST(Condition, needs_every_key_and_one_item_of_each) {
    Condition when;
    when.client_ip = {dns::IpNetwork::parse("10.20.0.0/16").value(),
                      dns::IpNetwork::parse("fd00::/8").value()};
    when.author_domain = {DomainPattern::parse("example.com").value()};
    when.mail_from = {"<>", "root@*.example.com"};
    EXPECT_TRUE(matches(when, facts_of("10.20.3.7", ""), author_of("example.com")));
    EXPECT_TRUE(matches(when, facts_of("fd00::1", "root@web1.example.com"), author_of("example.com")));
    EXPECT_FALSE(matches(when, facts_of("10.21.3.7", ""), author_of("example.com")));
    EXPECT_FALSE(matches(when, facts_of("10.20.3.7", "x@example.com"), author_of("example.com")));
    EXPECT_FALSE(matches(when, facts_of("10.20.3.7", ""), author_of("example.net")));
    EXPECT_FALSE(matches(when, facts_of("10.20.3.7", ""), without_author()));
}

TEST(Condition, is_known_when_the_last_of_its_keys_is) {
    Condition when;
    EXPECT_EQ(when.known_at(), Phase::connection);
    EXPECT_FALSE(when.asks_by(Phase::verdict));
    when.arc_sealer = {name("list.example")};
    EXPECT_EQ(when.known_at(), Phase::verdict);
    EXPECT_TRUE(when.asks_by(Phase::verdict));
    EXPECT_FALSE(when.asks_by(Phase::header));
    struct Case {
        const char* key;
        Phase phase;
        std::function<void(Condition&)> give;
    };
    const std::vector<Case> cases = {
        {"client_ip", Phase::connection,
         [](Condition& c) {
             c.client_ip = {dns::IpNetwork::parse("10.0.0.0/8").value()};
         }},
        {"tls_client", Phase::connection,
         [](Condition& c) {
             c.tls_client.emplace_back();
         }},
        {"helo", Phase::envelope,
         [](Condition& c) {
             c.helo = {"*"};
         }},
        {"mail_from", Phase::envelope,
         [](Condition& c) {
             c.mail_from = {"*"};
         }},
        {"author_domain", Phase::header,
         [](Condition& c) {
             c.author_domain = {DomainPattern::parse("example.com").value()};
         }},
        {"arc_sealer", Phase::verdict,
         [](Condition& c) {
             c.arc_sealer = {name("list.example")};
         }},
    };
    for (const Case& c : cases) {
        Condition alone;
        c.give(alone);
        EXPECT_EQ(alone.known_at(), c.phase) << c.key;
        EXPECT_TRUE(alone.asks_by(c.phase)) << c.key;
        EXPECT_EQ(alone.asks_by(Phase::connection), c.phase == Phase::connection) << c.key;
        Condition with_a_later_one = when;
        c.give(with_a_later_one);
        EXPECT_EQ(with_a_later_one.known_at(), Phase::verdict) << c.key;
        EXPECT_TRUE(with_a_later_one.asks_by(c.phase)) << c.key;
    }
}

// What is known of nobody yet speaks for nobody.
TEST(Exemption, of_what_comes_later_alone_forgives_nothing_so_far) {
    Exemption exemption;
    exemption.allow = {Forgiven::rate_limit};
    exemption.when.arc_sealer = {name("list.example")};
    const Facts facts = facts_of("10.20.1.1", "a@example.com");
    EXPECT_TRUE(may_be_exempted({exemption}, Forgiven::rate_limit, facts));
    EXPECT_FALSE(is_exempted_so_far({exemption}, Forgiven::rate_limit, facts));
    exemption.when.author_domain = {DomainPattern::parse("example.com").value()};
    EXPECT_FALSE(is_exempted_so_far({exemption}, Forgiven::rate_limit, facts));
    exemption.when.client_ip = {dns::IpNetwork::parse("10.20.0.0/16").value()};
    EXPECT_TRUE(is_exempted_so_far({exemption}, Forgiven::rate_limit, facts));
    EXPECT_FALSE(is_exempted_so_far({exemption}, Forgiven::dnsbl, facts));
    EXPECT_FALSE(is_exempted_so_far({exemption}, Forgiven::rate_limit, facts_of("10.21.1.1", "")));
    EXPECT_EQ(find_envelope_exemption({exemption}, Forgiven::rate_limit, facts), nullptr);
}

TEST(Exemption, speaks_until_the_end_of_its_last_day) {
    Exemption exemption;
    exemption.allow = {Forgiven::dmarc};
    exemption.expires = 2026y / 11 / 24;
    Facts facts = facts_of("192.0.2.1", "");
    EXPECT_TRUE(finds(exemption, Forgiven::dmarc, facts, author_of("example.com")));
    EXPECT_FALSE(finds(exemption, Forgiven::spf, facts, author_of("example.com")));
    facts.today += std::chrono::days(1);
    EXPECT_FALSE(finds(exemption, Forgiven::dmarc, facts, author_of("example.com")));
}

TEST(Exemption, for_a_missing_domain_waives_the_author_domain_key) {
    Exemption exemption;
    exemption.when.client_ip = {dns::IpNetwork::parse("10.20.0.0/16").value()};
    exemption.when.author_domain = {DomainPattern::parse("example.com").value()};
    exemption.allow = {Forgiven::dmarc, Forgiven::missing_from_domain};
    const auth::Evidence no_domain = without_author(auth::AuthorFault::no_domain);
    EXPECT_TRUE(finds(exemption, Forgiven::missing_from_domain, facts_of("10.20.1.1", ""), no_domain));
    EXPECT_FALSE(finds(exemption, Forgiven::missing_from_domain, facts_of("10.21.1.1", ""), no_domain));
    EXPECT_FALSE(finds(exemption, Forgiven::missing_from_domain, facts_of("10.20.1.1", ""),
                       without_author(auth::AuthorFault::several_domains)));
    // Only the author domain is waived.
    exemption.when.arc_sealer = {name("list.example")};
    EXPECT_FALSE(finds(exemption, Forgiven::missing_from_domain, facts_of("10.20.1.1", ""), no_domain));
}

// A chain of older.example and list.example that proves the message.
auth::Evidence sealed() {
    auth::Evidence evidence = author_of("example.com");
    evidence.arc.result = auth::arc::Result::pass;
    evidence.arc.instance = 2;
    evidence.arc.covers_from = evidence.arc.covers_whole_body = true;
    evidence.arc.sealers = {{1, name("older.example"), "s"}, {2, name("list.example"), "s"}};
    return evidence;
}

TEST(Condition, trusts_the_newest_sealer_for_what_its_seal_proves) {
    const std::vector<dns::DomainName> trusted = {name("older.example"), name("list.example")};
    EXPECT_EQ(trusted_sealer(sealed().arc, trusted)->text(), "list.example");
    EXPECT_FALSE(trusted_sealer(sealed().arc, {name("older.example")}));  // not the newest
    EXPECT_FALSE(trusted_sealer(sealed().arc, {name("sub.list.example"), name("example")}));
    EXPECT_FALSE(trusted_sealer(auth::arc::Chain(), trusted));
    using Chain = auth::arc::Chain;
    for (const auto breaks :
         std::initializer_list<void (*)(Chain&)>{[](Chain& chain) { chain.result = auth::arc::Result::fail; },
                                                 [](Chain& chain) { chain.result = auth::arc::Result::none; },
                                                 [](Chain& chain) { chain.covers_from = false; },
                                                 [](Chain& chain) { chain.covers_repeated_fields = false; },
                                                 [](Chain& chain) { chain.covers_whole_body = false; },
                                                 [](Chain& chain) { chain.sealers.back().domain.reset(); },
                                                 [](Chain& chain) {
                                                     chain.sealers.clear();
                                                 }}) {
        Chain chain = sealed().arc;
        breaks(chain);
        EXPECT_FALSE(trusted_sealer(chain, trusted));
    }
    Exemption exemption;
    exemption.allow = {Forgiven::dmarc};
    exemption.when.arc_sealer = {name("other.example"), name("list.example")};
    EXPECT_TRUE(exemption.when.is_anchored());
    const Facts facts = facts_of("192.0.2.1", "");
    EXPECT_TRUE(finds(exemption, Forgiven::dmarc, facts, sealed(), trusted));
    EXPECT_FALSE(finds(exemption, Forgiven::dmarc, facts, sealed(), {name("other.example")}));
    exemption.when.author_domain = {*DomainPattern::parse("elsewhere.example")};
    EXPECT_FALSE(finds(exemption, Forgiven::dmarc, facts, sealed(), trusted));
    exemption.when.author_domain.clear();
    exemption.when.arc_sealer = {name("older.example")};
    EXPECT_FALSE(finds(exemption, Forgiven::dmarc, facts, sealed(), trusted));
}

}  // namespace
}  // namespace gatepost::policy
