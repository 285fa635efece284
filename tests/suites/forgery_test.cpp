// Forgeries of the suites through the whole pipeline: in an Internet where the attacker owns one domain and
// has everything pass for it, and every other domain says p=reject, no message passes DMARC but as the
// attacker's own, none that does not pass is accepted, and our Authentication-Results say nothing else.
#include "tests/suites/dkim_suite.hpp"
#include "tests/support/pipeline.hpp"
#include "tests/support/suite.hpp"

#include "server/smtp/path.hpp"

#include "auth/dkim/sign.hpp"
#include "auth/results/authentication_results.hpp"
#include "auth/results/parse_results.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gatepost::tests {
namespace {

using dns::DomainName;

const auto attacker_ip = dns::IpAddress::parse("203.0.113.66").value();

const auth::crypto::SigningKey& attacker_key() {
    static const auth::crypto::SigningKey key = auth::crypto::SigningKey::generate_ed25519().value();
    return key;
}

DomainName domain(std::string_view text) {
    return DomainName::parse(text).value();
}

// Everything at and below `owner` is the attacker's: SPF lets him send, the key is his. Strict alignment, so
// that a domain of the attacker's can be the parent of a forged one.
class Internet final : public dns::Resolver {
  public:
    explicit Internet(DomainName owner, std::string absent = "")
        : owner_(std::move(owner)), absent_(std::move(absent)) {}

    boost::asio::awaitable<dns::AnswerPtr> query(DomainName name, dns::RrType type) override {
        asked_for_key = asked_for_key || name.text().find("._domainkey") != std::string::npos;
        auto answer = std::make_shared<dns::Answer>();
        answer->outcome = name.text() == absent_ ? dns::Outcome::nx_domain : dns::Outcome::no_data;
        if (type == dns::RrType::txt && name.text() != absent_) {
            if (const std::string text = text_at(name); !text.empty()) {
                answer->outcome = dns::Outcome::success;
                answer->records.emplace_back(text);
            }
        }
        co_return answer;
    }

    bool asked_for_key = false;

  private:
    std::string text_at(const DomainName& name) const {
        const bool owned = name.is_at_or_below(owner_);
        if (name.text().starts_with("_dmarc."))
            return name.label_count() <= 3 ? "v=DMARC1; p=reject; adkim=s; aspf=s" : "";
        static const std::string other_key =
            auth::dkim::key_record_of(auth::crypto::SigningKey::generate_ed25519().value());
        if (name.text().find("._domainkey.") != std::string::npos)
            return owned ? auth::dkim::key_record_of(attacker_key()) : other_key;
        return owned ? "v=spf1 +all" : "v=spf1 -all";
    }

    DomainName owner_;
    std::string absent_;
};

PipelineInput message_of(std::string header, std::string body, std::string mail_from, std::string helo) {
    PipelineInput input;
    input.header = std::move(header);
    input.body = std::move(body);
    input.sender = {attacker_ip, std::move(helo), std::move(mail_from)};
    return input;
}

// With a signature of the attacker's on top, where one can be made at all.
PipelineInput signed_by(const DomainName& owner, const PipelineInput& plain) {
    PipelineInput input = plain;
    auth::dkim::SigningOptions options;
    options.domain = owner;
    options.selector = "s";
    const auto header = auth::HeaderBlock::parse(plain.header);
    const auto field = auth::dkim::sign(*header, plain.body, attacker_key(), options);
    if (field) input.header = *field + plain.header;
    return input;
}

bool is_of(const std::string* name, const DomainName& owner) {
    if (!name) return true;
    const auto at = name->rfind('@');
    const auto parsed = DomainName::parse(at == std::string::npos ? *name : name->substr(at + 1));
    return parsed && parsed->is_at_or_below(owner);
}

// Every pass in our field is one of the owner's.
bool tells_no_lie(const PipelineInput& input, const auth::Evidence& evidence, const DomainName& owner) {
    const auth::results::TransactionIdentity identity{input.sender.client_ip, input.sender.helo,
                                                      input.sender.mail_from};
    const std::string value =
        auth::results::authentication_results_value("mx.border.example", identity, evidence, {});
    const auto field = auth::HeaderBlock::parse(auth::results::authentication_results_field(value) + "\r\n");
    if (field->fields().size() != 1 || field->fault() != auth::HeaderFault::none) return false;
    const auto told = auth::results::parse_results(auth::unfold(field->fields().front().value));
    if (!told || told->authserv_id != "mx.border.example") return false;
    return std::all_of(told->results.begin(), told->results.end(), [&](const auto& result) {
        if (result.result != "pass" || result.method == "iprev") return true;
        return is_of(result.find("smtp", "mailfrom"), owner) && is_of(result.find("smtp", "helo"), owner) &&
               is_of(result.find("header", "d"), owner) && is_of(result.find("header", "from"), owner);
    });
}

// The message as it comes out is no forgery of another's domain. `passes` tells whether DMARC passed.
bool is_honest(const std::string& what, const PipelineInput& input, Internet& internet,
               const DomainName& owner, bool* passes = nullptr) {
    const PipelineOutcome outcome = run_pipeline(input, internet);
    const bool passed = outcome.evidence.dmarc.result == auth::dmarc::Result::pass;
    if (passes) *passes = passed;
    const bool own = outcome.evidence.author.domain && outcome.evidence.author.domain == owner;
    const bool accepted = outcome.decision.action == policy::Action::accept;
    const bool honest =
        (!passed || own) && accepted == passed && tells_no_lie(input, outcome.evidence, owner);
    EXPECT_TRUE(honest) << what << " by " << owner.text() << ": dmarc "
                        << to_string(outcome.evidence.dmarc.result) << ", "
                        << to_string(outcome.decision.action) << ", " << outcome.decision.reason;
    return honest;
}

std::set<std::string> domains_in(const Node& list) {
    std::set<std::string> domains;
    for (const Node& item : list.items())
        if (!item.is_null()) domains.insert(item.text());
    return domains;
}

// Whoever owns any of the domains that a From names, it never passes as another's.
bool from_holds(const SuiteCase& test) {
    const std::set<std::string> usable = domains_in(test.node["use"]);
    const std::set<std::string> forbidden = domains_in(test.node["must_not_use"]);
    std::set<std::string> owners = domains_in(test.node["author_domains"]);
    owners.insert(usable.begin(), usable.end());
    owners.insert(forbidden.begin(), forbidden.end());
    owners.insert("attack.example");
    const std::string header = decode_base64(test.node["header_b64"].text()) + "Subject: x\r\n\r\n";
    const bool must_pass =
        test.node["class"].text() == "valid" && usable.size() == 1 && test.node["use"].items().size() == 1;
    bool held = true;
    for (const std::string& name : owners) {
        const auto owner = DomainName::parse(name);
        if (!owner || owner->label_count() < 2) continue;
        Internet internet(*owner);
        const PipelineInput plain = message_of(header, "Hello.\r\n", "bounce@" + name, "mail." + name);
        for (const PipelineInput& input : {plain, signed_by(*owner, plain)}) {
            bool passes = false;
            held = is_honest(test.id, input, internet, *owner, &passes) && held;
            const bool may_pass = usable.contains(name) && !forbidden.contains(name);
            EXPECT_TRUE(may_pass || !passes) << test.id << " by " << name;
            EXPECT_TRUE(passes || !(must_pass && may_pass)) << test.id << " by " << name;
            held = held && (may_pass || !passes);
        }
    }
    return held;
}

TEST(Forgery, in_the_from_field) {
    GATEPOST_REQUIRE_SUITE(folder, "from-header");
    Tally tally("from-header, judged");
    for (const Node& document : load_yaml(folder / "cases.yml"))
        for (const SuiteCase& test : cases_of(document))
            tally.count(test.id, from_holds(test));
    EXPECT_EQ(tally.total(), 125U);
}

// Reverse-paths that two readers read differently. They go through the path parser of the SMTP server; what
// it refuses never becomes a message, but is judged all the same, as another front end might let it in.
bool envelope_holds(const Node& attack) {
    const std::set<std::string> to_refuse = {"a2", "a5"};
    const std::string& id = attack["id"].text();
    const std::string wire = decode_base64(attack["mail_from_b64"].text());
    const auto parsed = server::smtp::parse_reverse_path(wire);
    const bool taken = parsed.path && parsed.rest.empty();
    EXPECT_FALSE(taken && to_refuse.contains(id)) << id;
    const std::string mail_from = taken ? parsed.path->mailbox() : wire.substr(1, wire.size() - 2);
    const auto owner = domain("attack.example");
    Internet internet(owner, "mailfrom.notexist.example.com");
    const PipelineInput input = message_of("From: any@example.com\r\nSubject: x\r\n\r\n", "Hello.\r\n",
                                           mail_from, attack["helo"].text());
    bool held = is_honest(id, input, internet, owner) && !(taken && to_refuse.contains(id));
    if (taken && attack["spf_domain"].present()) {
        const auto spf_domain = run_pipeline(input, internet).evidence.spf.domain;
        EXPECT_EQ(spf_domain ? spf_domain->text() : "", attack["spf_domain"].text()) << id;
        held = held && spf_domain && spf_domain->text() == attack["spf_domain"].text();
    }
    return held;
}

TEST(Forgery, in_the_envelope) {
    GATEPOST_REQUIRE_SUITE(folder, "from-header");
    Tally tally("from-header, envelopes");
    for (const Node& document : load_yaml(folder / "cases.yml"))
        for (const Node& attack : document["envelope"].items())
            tally.count(attack["id"].text(), envelope_holds(attack));
    EXPECT_EQ(tally.total(), 5U);
}

// d= and s= that one reader cuts short: the signature is void before any key is asked for.
bool tags_hold(const Node& attack) {
    const std::string& id = attack["id"].text();
    const auto owner = domain("attack.example");
    Internet internet(owner);
    PipelineInput input = message_of("From: any@example.com\r\nSubject: x\r\n\r\n", "Hello.\r\n",
                                     "bounce@attack.example", "mail.attack.example");
    input.header = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=" + attack["d"].text() +
                   "; s=" + decode_base64(attack["s_b64"].text()) +
                   "; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n" + input.header;
    const bool honest = is_honest(id, input, internet, owner);
    const auth::Evidence evidence = run_pipeline(input, internet).evidence;
    const bool is_void =
        evidence.dkim.size() == 1 && evidence.dkim.front().result == auth::dkim::Result::permerror;
    EXPECT_TRUE(is_void) << id;
    EXPECT_FALSE(internet.asked_for_key) << id;
    return honest && is_void && !internet.asked_for_key;
}

TEST(Forgery, in_the_tags_of_a_signature) {
    GATEPOST_REQUIRE_SUITE(folder, "from-header");
    Tally tally("from-header, tags");
    for (const Node& document : load_yaml(folder / "cases.yml"))
        for (const Node& attack : document["dkim_tags"].items())
            tally.count(attack["id"].text(), tags_hold(attack));
    EXPECT_EQ(tally.total(), 3U);
}

// Malformed messages, as the attacker's own and as those of example.com, which most of them name.
TEST(Forgery, in_malformed_messages) {
    GATEPOST_REQUIRE_SUITE(folder, "messages");
    Tally tally("messages, judged");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file() || entry.path().extension() != ".eml") continue;
        const SplitMessage message = split_message(load_octets(entry.path()));
        bool held = true;
        for (const auto* name : {"attack.example", "example.com", "example.org"}) {
            Internet internet(domain(name));
            const PipelineInput plain = message_of(
                message.header, message.body, std::string("bounce@") + name, std::string("mail.") + name);
            held = is_honest(entry.path().filename(), plain, internet, domain(name)) && held;
            held =
                is_honest(entry.path().filename(), signed_by(domain(name), plain), internet, domain(name)) &&
                held;
        }
        tally.count(entry.path().filename(), held);
    }
    EXPECT_EQ(tally.total(), 99U);
}

// A field that says that everything passed moves nobody.
TEST(Forgery, in_authentication_results) {
    GATEPOST_REQUIRE_SUITE(folder, "authres");
    Tally tally("authres, judged");
    const auto owner = domain("attack.example");
    for (const Node& document : load_yaml(folder / "cases.yml")) {
        for (const SuiteCase& test : cases_of(document)) {
            Internet internet(owner);
            const std::string header =
                decode_base64(test.node["header_b64"].text()) + "From: any@example.net\r\n\r\n";
            const PipelineInput plain =
                message_of(header, "Hello.\r\n", "bounce@attack.example", "mail.attack.example");
            tally.count(test.id, is_honest(test.id, plain, internet, owner) &&
                                     is_honest(test.id, signed_by(owner, plain), internet, owner));
        }
    }
    EXPECT_EQ(tally.total(), 41U);
}

// Answers as a zone does, but that every organizational domain says p=reject.
class StrictZone final : public dns::Resolver {
  public:
    explicit StrictZone(const dns::ZoneResolver& zone) : zone_(zone) {}

    boost::asio::awaitable<dns::AnswerPtr> query(DomainName name, dns::RrType type) override {
        if (type != dns::RrType::txt || !name.text().starts_with("_dmarc.")) co_return zone_.find(name, type);
        auto answer = std::make_shared<dns::Answer>();
        answer->outcome = dns::Outcome::no_data;
        if (name.label_count() == 3) {
            answer->outcome = dns::Outcome::success;
            answer->records.emplace_back(std::string("v=DMARC1; p=reject"));
        }
        co_return answer;
    }

  private:
    const dns::ZoneResolver& zone_;
};

// DMARC passes where, and only where, a signature that may pass is of the author's organization.
bool generated_holds(const SuiteCase& test, const std::string& octets, const dns::ZoneResolver& zone) {
    StrictZone resolver(zone);
    const SplitMessage message = split_message(octets);
    const PipelineInput input =
        message_of(message.header, message.body, "bounce@attack.example", "mail.attack.example");
    const PipelineOutcome outcome = run_pipeline(input, resolver);
    const auto& expect = test.node["expect"].items();
    const auto& author = outcome.evidence.author.domain;
    bool may_pass = false;
    bool must_pass = false;
    for (std::size_t i = 0; author && i < expect.size() && i < outcome.evidence.dkim.size(); ++i) {
        const auto& signer = outcome.evidence.dkim[i].domain;
        if (!signer || signer->suffix(2) != author->suffix(2)) continue;
        const auto words = expect[i]["result"].words();
        may_pass = may_pass || (words.contains("pass") && !is_partly_signed(test.id));
        must_pass = must_pass || (words == std::set<std::string>{"pass"} && !is_partly_signed(test.id));
    }
    const bool passed = outcome.evidence.dmarc.result == auth::dmarc::Result::pass;
    const bool accepted = outcome.decision.action == policy::Action::accept;
    const bool held = (may_pass || !passed) && (passed || !must_pass) && accepted == passed;
    EXPECT_TRUE(held) << test.id << ": dmarc " << to_string(outcome.evidence.dmarc.result) << ", "
                      << to_string(outcome.decision.action) << ", " << outcome.decision.reason;
    return held;
}

TEST(Forgery, by_signatures) {
    GATEPOST_REQUIRE_SUITE(folder, "dkim-generated");
    Tally tally("dkim-generated, judged");
    for (const Node& document : load_yaml(folder / "cases.yml")) {
        const dns::ZoneResolver zone = make_zone(document["zonedata"]);
        for (const SuiteCase& test : cases_of(document))
            tally.count(test.id, generated_holds(test, load_octets(folder / test.node["file"].text()), zone));
    }
    EXPECT_EQ(tally.total(), 420U);
}

}  // namespace
}  // namespace gatepost::tests
