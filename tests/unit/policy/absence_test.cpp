#include "policy/absence.hpp"

#include "policy/decide.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace gatepost::policy {
namespace {

namespace dkim = auth::dkim;
namespace dmarc = auth::dmarc;
namespace spf = auth::spf;

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

// Mail of example.org, which publishes p=reject itself, from 192.0.2.1, which its SPF record excludes.
struct Message {
    Facts facts;
    auth::Evidence evidence;
    Settings settings;

    Message() {
        facts.client_ip = dns::IpAddress::parse("192.0.2.1").value();
        evidence.author.domain = name("example.org");
        evidence.author.fault = auth::AuthorFault::none;
        evidence.iprev.result = auth::iprev::Result::pass;
        evidence.spf.result = spf::Result::fail;
        evidence.spf.domain = name("example.org");
        evidence.dmarc.result = dmarc::Result::fail;
        evidence.dmarc.author_domain = name("example.org");
        evidence.dmarc.record_domain = name("example.org");
        evidence.dmarc.record = dmarc::Record();
        evidence.dmarc.record->p = dmarc::Policy::reject;
        evidence.dmarc.policy = evidence.dmarc.applied_policy = dmarc::Policy::reject;
        evidence.dmarc.policy_tag = "p";
        evidence.dmarc.spf_domain_aligned = true;
    }
};

dkim::Signature signature_of(std::string_view domain, dkim::Result result, bool key_absent = false) {
    dkim::Signature signature;
    signature.domain = name(domain);
    signature.result = result;
    signature.key_absent = key_absent;
    return signature;
}

struct Case {
    std::string_view what;
    std::function<void(Message&)> change;
    std::string_view absence;  // empty: the rejection stands in a brownout, too
};

const Case cases[] = {
    {"every fact was found", [](Message&) {}, ""},
    {"SPF: no record",
     [](Message& m) {
         m.evidence.spf.result = spf::Result::none;
         m.settings.on_reject = OnReject::reject;
     },
     "an SPF record, or what it names"},
    {"SPF: a record that it includes",
     [](Message& m) {
         m.evidence.spf.result = spf::Result::permerror;
         m.settings.on_reject = OnReject::reject;
     },
     "an SPF record, or what it names"},
    {"SPF: a host without address (RFC 7208 §4.6.4)", [](Message& m) { m.evidence.spf.void_lookups = 1; },
     "an SPF record, or what it names"},
    {"SPF of a stranger, whatever it lacks",
     [](Message& m) {
         m.evidence.spf.result = spf::Result::none;
         m.evidence.spf.domain = name("bounces.example");
         m.evidence.dmarc.spf_domain_aligned = false;
         m.settings.on_reject = OnReject::reject;
     },
     ""},
    {"SPF passed for a name that a DMARC record could make one of ours",
     [](Message& m) {
         m.evidence.spf.result = spf::Result::pass;
         m.evidence.spf.domain = name("bounces.example.org");
         m.evidence.dmarc.spf_domain_aligned = false;
         m.settings.on_reject = OnReject::reject;
     },
     "no DMARC record makes one organization of the domains"},
    {"DMARC: the record is not the author domain's own",
     [](Message& m) {
         m.evidence.author.domain = name("news.example.org");
         m.evidence.dmarc.author_domain = name("news.example.org");
     },
     "the author domain has no DMARC record"},
    {"DMARC: np, of a name that does not exist (RFC 9989 §4.7)",
     [](Message& m) {
         m.evidence.author.domain = m.evidence.dmarc.author_domain = name("ghost.example.org");
         m.evidence.dmarc.policy_tag = "np";
     },
     "the author domain does not exist"},
    {"DKIM: no key",
     [](Message& m) {
         m.evidence.dkim = {signature_of("example.org", dkim::Result::permerror, true)};
         m.settings.on_reject = OnReject::reject;
     },
     "a key of example.org"},
    {"DKIM: a key, and a signature that it does not verify",
     [](Message& m) {
         m.evidence.dkim = {signature_of("example.org", dkim::Result::fail)};
         m.settings.on_reject = OnReject::reject;
     },
     ""},
    {"DKIM: no key of a stranger",
     [](Message& m) { m.evidence.dkim = {signature_of("lists.example", dkim::Result::permerror, true)}; },
     ""},
    {"the only further fact is that the client has no name",
     [](Message& m) {
         m.evidence.spf.result = spf::Result::softfail;
         m.evidence.iprev.result = auth::iprev::Result::fail;
     },
     "a name of the client"},
    {"it has none, and that is not all",
     [](Message& m) { m.evidence.iprev.result = auth::iprev::Result::fail; }, ""},
    {"a stale answer (RFC 8767)", [](Message& m) { m.evidence.rests_on_stale = true; },
     "an answer that is still valid"},
    {"SPF alone refuses: nothing is absent", [](Message& m) { m.settings.on_spf_fail = OnSpfFail::reject; },
     ""},
    {"SPF alone refuses, past a host without address",
     [](Message& m) {
         m.settings.on_spf_fail = OnSpfFail::reject;
         m.evidence.spf.void_lookups = 1;
     },
     "a host that the SPF record names has no address"},
    {"no From field: the DNS has no part in it",
     [](Message& m) {
         m.evidence.author.domain.reset();
         m.evidence.author.fault = auth::AuthorFault::no_from;
         m.evidence.dmarc = dmarc::Evaluation();
         m.evidence.rests_on_stale = true;
     },
     ""},
};

TEST(Absence, is_known_of_each_rejection) {
    for (const Case& c : cases) {
        Message message;
        c.change(message);
        const Decision calm = decide(message.facts, message.evidence, message.settings);
        EXPECT_EQ(calm.action, Action::reject) << c.what;
        EXPECT_EQ(calm.absence, c.absence) << c.what;
        message.facts.dns_brownout = true;
        const Decision troubled = decide(message.facts, message.evidence, message.settings);
        const bool stands = c.absence.empty();
        EXPECT_EQ(troubled.action, stands ? Action::reject : Action::defer) << c.what;
        ASSERT_TRUE(troubled.refusal) << c.what;
        EXPECT_EQ(troubled.refusal->code, stands ? 550 : 451) << c.what;
        EXPECT_EQ(troubled.disposition, stands ? Disposition::reject : Disposition::none) << c.what;
        if (stands) continue;
        EXPECT_EQ(troubled.judged, Action::defer) << c.what;
        EXPECT_NE(troubled.refusal->text.find("our DNS is in trouble"), std::string::npos) << c.what;
        EXPECT_NE(troubled.refusal->text.find(c.absence), std::string::npos) << c.what;
    }
}

// What is let through, tagged or deferred is so in a brownout, too.
TEST(Absence, changes_nothing_but_rejections) {
    Message message;
    message.facts.dns_brownout = true;
    message.evidence.rests_on_stale = true;
    message.evidence.dmarc.record->p = message.evidence.dmarc.policy = message.evidence.dmarc.applied_policy =
        dmarc::Policy::quarantine;
    EXPECT_EQ(decide(message.facts, message.evidence, message.settings).action, Action::quarantine);
    message.evidence.dmarc.result = dmarc::Result::pass;
    EXPECT_EQ(decide(message.facts, message.evidence, message.settings).action, Action::accept);
    message.evidence.dmarc.result = dmarc::Result::fail;
    message.evidence.dmarc.policy = message.evidence.dmarc.applied_policy = dmarc::Policy::reject;
    message.settings.mode = Mode::monitor;
    const Decision watched = decide(message.facts, message.evidence, message.settings);
    EXPECT_EQ(watched.action, Action::accept);
    EXPECT_EQ(watched.judged, Action::defer);
}

}  // namespace
}  // namespace gatepost::policy
