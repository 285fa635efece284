#include "policy/dnsbl.hpp"

#include "policy/decide.hpp"

#include <gtest/gtest.h>

namespace gatepost::policy {
namespace {

using auth::dnsbl::Finding;
using auth::dnsbl::List;
using auth::dnsbl::Result;

const std::vector<List> lists{
    {{}, "one.example", 1, {}}, {{}, "two.example", 2, {}}, {{}, "ten.example", 10, {}}};

std::vector<Finding> findings(Result one, Result two, Result ten) {
    return {{one, ""}, {two, ""}, {ten, ""}};
}

TEST(DnsblScore, adds_up_the_weights_of_those_that_list) {
    const auto no = Result::not_listed;
    const auto yes = Result::listed;
    const struct {
        std::vector<Finding> found;
        std::size_t threshold;
        std::vector<std::string> names;  // empty: not listed
    } cases[] = {
        {findings(no, no, no), 1, {}},
        {findings(yes, no, no), 1, {"one.example"}},
        {findings(yes, no, no), 2, {}},
        {findings(yes, yes, no), 3, {"one.example", "two.example"}},
        {findings(no, no, yes), 3, {"ten.example"}},
        // What did not answer never refuses anybody, however much it weighs.
        {findings(yes, no, Result::trouble), 2, {}},
        {findings(yes, no, Result::unusable), 2, {}},
        {findings(Result::trouble, Result::trouble, Result::trouble), 1, {}},
        {{}, 1, {}},
    };
    for (const auto& entry : cases) {
        const auto listing = add_up(lists, entry.found, entry.threshold);
        EXPECT_EQ(listing ? listing->lists : std::vector<std::string>(), entry.names) << entry.threshold;
    }
}

struct Listed {
    Facts facts;
    auth::Evidence evidence;
    Settings settings;

    Listed() {
        facts.client_ip = dns::IpAddress::parse("192.0.2.66").value();
        facts.mail_from = "a@sender.example";
        facts.today = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);
        facts.listing = Listing{{"one.example", "two.example"}};
        evidence.author.domain = dns::DomainName::parse("author.example");
        evidence.dmarc.result = auth::dmarc::Result::pass;
    }
    void forgive(std::vector<DomainPattern> author_domain, std::vector<std::string> helo = {}) {
        Exemption exemption;
        exemption.id = "ours";
        exemption.when.client_ip = {dns::IpNetwork(facts.client_ip, 24)};
        exemption.when.author_domain = std::move(author_domain);
        exemption.when.helo = std::move(helo);
        exemption.allow = {Forgiven::dnsbl};
        settings.exemptions.push_back(exemption);
    }
};

TEST(DnsblRefusal, names_the_lists) {
    Listed mail;
    const auto refusal = refuse_listed_client(mail.facts, mail.settings);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, 550);
    EXPECT_EQ(refusal->enhanced_code, "5.7.1");
    EXPECT_EQ(refusal->text, "192.0.2.66 is listed by one.example and two.example");
    mail.facts.listing.reset();
    EXPECT_FALSE(refuse_listed_client(mail.facts, mail.settings));
}

TEST(DnsblRefusal, is_forgiven_by_exemptions) {
    const auto author = DomainPattern::parse("author.example").value();
    const auto other = DomainPattern::parse("other.example").value();
    const struct {
        const char* what;
        std::vector<DomainPattern> author_domain;
        std::vector<std::string> helo;
        bool at_rcpt;  // refused
        Action action;
    } cases[] = {
        {"by the client alone", {}, {}, false, Action::accept},
        {"by the author domain too", {author}, {}, false, Action::accept},
        {"not for another author domain, and so at the end of data", {other}, {}, false, Action::reject},
        {"by another name", {}, {"other.example"}, true, Action::reject},
    };
    for (const auto& entry : cases) {
        Listed mail;
        mail.forgive(entry.author_domain, entry.helo);
        EXPECT_EQ(refuse_listed_client(mail.facts, mail.settings).has_value(), entry.at_rcpt) << entry.what;
        const Decision decision = decide(mail.facts, mail.evidence, mail.settings);
        EXPECT_EQ(decision.action, entry.action) << entry.what;
        EXPECT_EQ(decision.rule, entry.action == Action::reject ? "policy.dnsbl" : "ours") << entry.what;
        EXPECT_EQ(decision.exemption, entry.action == Action::reject ? "" : "ours") << entry.what;
    }
}

TEST(DnsblRefusal, is_suspended_in_monitor_mode) {
    Listed mail;
    mail.settings.mode = Mode::monitor;
    EXPECT_FALSE(refuse_listed_client(mail.facts, mail.settings));
    const Decision decision = decide(mail.facts, mail.evidence, mail.settings);
    EXPECT_EQ(decision.action, Action::accept);
    EXPECT_EQ(decision.judged, Action::reject);
    EXPECT_FALSE(decision.refusal);
}

// A DMARC failure that an exemption does not forgive is judged all the same.
TEST(DnsblRefusal, forgiven_leaves_the_message_to_its_own_judgement) {
    Listed mail;
    mail.forgive({});
    mail.evidence.dmarc.result = auth::dmarc::Result::fail;
    mail.evidence.dmarc.policy = mail.evidence.dmarc.applied_policy = auth::dmarc::Policy::quarantine;
    const Decision decision = decide(mail.facts, mail.evidence, mail.settings);
    EXPECT_EQ(decision.action, Action::quarantine);
    EXPECT_EQ(decision.exemption, "");
}

}  // namespace
}  // namespace gatepost::policy
