// PRODUCT.md, "Modes and stores": monitor mode accepts whatever a judgement says, and knows what enforcing
// would have done. One row a judgement.
#include "policy/decide.hpp"
#include "policy/dnsbl.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace gatepost::policy {
namespace {

using namespace std::chrono_literals;
namespace dmarc = auth::dmarc;
namespace spf = auth::spf;

struct Mail {
    Mail() {
        facts.client_ip = dns::IpAddress::parse("192.0.2.1").value();
        facts.mail_from = "a@example.org";
        facts.today = std::chrono::sys_days(2026y / 11 / 24);
        evidence.author.domain = dns::DomainName::parse("example.org");
        evidence.author.fault = auth::AuthorFault::none;
        evidence.iprev.result = auth::iprev::Result::pass;
        evidence.spf.domain = evidence.author.domain;
        evidence.dmarc.author_domain = evidence.author.domain;
        evidence.dmarc.record_domain = evidence.author.domain;
        evidence.dmarc.record = dmarc::Record();
    }
    void fail_dmarc(dmarc::Policy policy) {
        evidence.dmarc.result = dmarc::Result::fail;
        evidence.dmarc.record->p = policy;
        evidence.dmarc.policy = evidence.dmarc.applied_policy = policy;
    }

    Facts facts;
    auth::Evidence evidence;
    Settings settings;
};

struct Judgement {
    const char* name;
    Action would_be;
    std::function<void(Mail&)> make;
};

const std::vector<Judgement>& judgements() {
    static const std::vector<Judgement> all = {
        {"SPF, on_fail: reject", Action::reject,
         [](Mail& m) {
             m.evidence.spf.result = spf::Result::fail;
             m.settings.on_spf_fail = OnSpfFail::reject;
         }},
        {"SPF, on_fail: quarantine", Action::quarantine,
         [](Mail& m) {
             m.evidence.spf.result = spf::Result::fail;
             m.settings.on_spf_fail = OnSpfFail::quarantine;
         }},
        {"SPF, on_temperror: defer", Action::defer,
         [](Mail& m) {
             m.evidence.spf.result = spf::Result::temperror;
             m.settings.on_spf_temperror = OnSpfTemperror::defer;
         }},
        {"DMARC, on_reject: reject", Action::reject,
         [](Mail& m) {
             m.fail_dmarc(dmarc::Policy::reject);
             m.settings.on_reject = OnReject::reject;
         }},
        {"DMARC, corroborated", Action::reject,
         [](Mail& m) {
             m.fail_dmarc(dmarc::Policy::reject);
             m.evidence.iprev.result = auth::iprev::Result::fail;
         }},
        {"DMARC, not corroborated", Action::quarantine,
         [](Mail& m) {
             m.fail_dmarc(dmarc::Policy::reject);
         }},
        {"DMARC, corroboration open", Action::defer,
         [](Mail& m) {
             m.fail_dmarc(dmarc::Policy::reject);
             m.evidence.iprev.result = auth::iprev::Result::temperror;
         }},
        {"DMARC, p=quarantine", Action::quarantine,
         [](Mail& m) {
             m.fail_dmarc(dmarc::Policy::quarantine);
         }},
        {"DMARC, on_quarantine: reject", Action::reject,
         [](Mail& m) {
             m.fail_dmarc(dmarc::Policy::quarantine);
             m.settings.on_quarantine = OnQuarantine::reject;
         }},
        {"DMARC, temperror", Action::defer,
         [](Mail& m) {
             m.evidence.dmarc.record.reset();
             m.evidence.dmarc.result = dmarc::Result::temperror;
         }},
        {"DMARC, in a brownout", Action::defer,
         [](Mail& m) {
             m.fail_dmarc(dmarc::Policy::reject);
             m.evidence.iprev.result = auth::iprev::Result::fail;
             m.facts.dns_brownout = true;
         }},
        {"invalid From", Action::reject,
         [](Mail& m) {
             m.evidence.author = auth::Author();
             m.evidence.author.fault = auth::AuthorFault::no_from;
         }},
        {"invalid From, on_invalid_from: quarantine", Action::quarantine,
         [](Mail& m) {
             m.evidence.author = auth::Author();
             m.evidence.author.fault = auth::AuthorFault::no_domain;
             m.settings.on_invalid_from = OnInvalidFrom::quarantine;
         }},
        {"block lists", Action::reject,
         [](Mail& m) {
             m.facts.listing = Listing{{"bl.example"}};
         }},
        {"a hidden client", Action::quarantine,
         [](Mail& m) {
             m.fail_dmarc(dmarc::Policy::reject);
             m.evidence.iprev.result = auth::iprev::Result::fail;
             m.facts.client_hidden = true;
         }},
        {"nothing", Action::accept,
         [](Mail&) {
         }},
    };
    return all;
}

TEST(MonitorMode, acts_on_no_judgement_and_tells_each) {
    for (const Judgement& judgement : judgements()) {
        SCOPED_TRACE(judgement.name);
        Mail mail;
        judgement.make(mail);
        const Decision enforced = decide(mail.facts, mail.evidence, mail.settings);
        EXPECT_EQ(enforced.action, judgement.would_be);
        EXPECT_EQ(enforced.judged, judgement.would_be);
        mail.settings.mode = Mode::monitor;
        const Decision watched = decide(mail.facts, mail.evidence, mail.settings);
        EXPECT_EQ(watched.action, Action::accept);
        EXPECT_FALSE(watched.refusal);
        EXPECT_EQ(watched.judged, judgement.would_be);
        EXPECT_EQ(watched.rule, enforced.rule) << "why is told all the same";
        EXPECT_EQ(watched.reason, enforced.reason);
        EXPECT_EQ(watched.facts, enforced.facts);
        EXPECT_NE(watched.disposition, Disposition::reject);
        EXPECT_NE(watched.disposition, Disposition::quarantine);
        // RFC 9990 §3.1.1.14: what was published and is not done has a reason.
        const bool published = mail.evidence.dmarc.result == dmarc::Result::fail;
        const auto reason =
            published ? std::optional(Override{"local_policy", "policy.mode: monitor"}) : std::nullopt;
        EXPECT_EQ(watched.override_reason, reason);
        EXPECT_FALSE(refuse_listed_client(mail.facts, mail.settings)) << "not at RCPT either";
    }
}

// What an exemption forgives is no judgement that was suspended.
TEST(MonitorMode, leaves_exemptions_as_they_are) {
    Mail mail;
    mail.fail_dmarc(dmarc::Policy::reject);
    mail.settings.mode = Mode::monitor;
    Exemption exemption;
    exemption.id = "ours";
    exemption.when.client_ip = {dns::IpNetwork::parse("192.0.2.0/24").value()};
    exemption.allow = {Forgiven::dmarc};
    mail.settings.exemptions = {exemption};
    const Decision decision = decide(mail.facts, mail.evidence, mail.settings);
    EXPECT_EQ(decision.judged, Action::accept);
    EXPECT_EQ(decision.exemption, "ours");
    EXPECT_EQ(decision.override_reason, (Override{"local_policy", "ours"}));
}

}  // namespace
}  // namespace gatepost::policy
