// PRODUCT.md, "Client addresses can be hidden from us": what holds for mail from such an address.
#include "policy/corroboration.hpp"
#include "policy/decide.hpp"

#include <gtest/gtest.h>

namespace gatepost::policy {
namespace {

struct Mail {
    Facts facts;
    auth::Evidence evidence;
    Settings settings;

    Mail() {
        facts.client_ip = dns::IpAddress::parse("172.17.0.1").value();
        facts.client_hidden = true;
        facts.mail_from = "root@ours.example";
        evidence.author.domain = dns::DomainName::parse("ours.example");
        evidence.dmarc.author_domain = evidence.dmarc.record_domain = evidence.author.domain;
        evidence.dmarc.record.emplace();
        evidence.dmarc.result = auth::dmarc::Result::fail;
        evidence.dmarc.policy = evidence.dmarc.applied_policy = auth::dmarc::Policy::reject;
        settings.own_domains = {*evidence.author.domain};
        settings.own_networks = {dns::IpNetwork::parse("172.16.0.0/12").value()};
        Exemption exemption;
        exemption.id = "ours";
        exemption.when.client_ip = settings.own_networks;
        exemption.allow = {Forgiven::dmarc, Forgiven::missing_from_domain};
        settings.exemptions = {exemption};
    }
    Decision judge() const { return decide(facts, evidence, settings); }
};

TEST(HiddenClient, meets_no_client_ip_and_no_own_network) {
    Mail mail;
    EXPECT_FALSE(mail.settings.exemptions[0].when.matches_envelope(mail.facts));
    EXPECT_EQ(corroborate(mail.facts, mail.evidence, mail.settings).facts,
              std::vector<Fact>{Fact::own_domain});
    const Decision decision = mail.judge();
    EXPECT_EQ(decision.exemption, "");
    mail.facts.client_hidden = false;
    EXPECT_EQ(mail.judge().exemption, "ours") << "all other clients stay as they were";
}

TEST(HiddenClient, is_tagged_and_not_refused) {
    Mail mail;
    const auto expect_tagged = [](const Decision& decision, const char* what) {
        EXPECT_EQ(decision.action, Action::quarantine) << what;
        EXPECT_EQ(decision.judged, Action::quarantine) << what;
        EXPECT_EQ(decision.disposition, Disposition::quarantine) << what;
        EXPECT_EQ(decision.rule, "client address hidden") << what;
        EXPECT_FALSE(decision.refusal) << what;
        EXPECT_FALSE(decision.reason.empty()) << what;
    };
    expect_tagged(mail.judge(), "corroborate");
    EXPECT_EQ(mail.judge().override_reason, (Override{"local_policy", "client address hidden"}));
    mail.settings.on_reject = OnReject::reject;
    expect_tagged(mail.judge(), "on_reject");
    mail.evidence.author.domain.reset();
    mail.evidence.author.fault = auth::AuthorFault::no_from;
    expect_tagged(mail.judge(), "on_invalid_from");
}

TEST(HiddenClient, passes_by_dkim) {
    Mail mail;
    mail.evidence.dmarc.result = auth::dmarc::Result::pass;
    EXPECT_EQ(mail.judge().action, Action::accept);
    EXPECT_EQ(mail.judge().disposition, Disposition::pass);
}

TEST(HiddenClient, acts_on_nothing_in_monitor_mode) {
    Mail mail;
    mail.settings.mode = Mode::monitor;
    EXPECT_EQ(mail.judge().action, Action::accept);
    EXPECT_EQ(mail.judge().judged, Action::quarantine);
}

}  // namespace
}  // namespace gatepost::policy
