#include "server/projections.hpp"

#include <gtest/gtest.h>

namespace gatepost::server {
namespace {

namespace dkim = auth::dkim;
namespace dmarc = auth::dmarc;

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

TEST(Outcome, joins_decision_and_final_reply) {
    struct Case {
        policy::Action action;
        int code;
        Outcome outcome;
    };
    using policy::Action;
    for (const Case& c : std::initializer_list<Case>{{Action::accept, 250, Outcome::accept},
                                                     {Action::accept, 451, Outcome::defer},
                                                     {Action::accept, 554, Outcome::relay_reject},
                                                     {Action::quarantine, 250, Outcome::quarantine},
                                                     {Action::quarantine, 554, Outcome::relay_reject},
                                                     {Action::reject, 550, Outcome::reject},
                                                     {Action::defer, 451, Outcome::defer},
                                                     {Action::discard, 250, Outcome::discard}}) {
        policy::Decision decision;
        decision.action = c.action;
        EXPECT_EQ(outcome_of(decision, smtp::Reply(c.code, "", "x")), c.outcome)
            << to_string(c.action) << ' ' << c.code;
    }
}

auth::Evidence failed_evidence() {
    auth::Evidence evidence;
    evidence.dmarc.result = dmarc::Result::fail;
    evidence.dmarc.author_domain = name("news.example.org");
    evidence.dmarc.record_domain = name("example.org");
    evidence.dmarc.organizational_domain = name("example.org");
    evidence.dmarc.record = dmarc::Record();
    evidence.spf.domain = name("bounce.example");
    return evidence;
}

dkim::Signature signature(std::string_view domain, dkim::Result result) {
    dkim::Signature made;
    made.domain = name(domain);
    made.selector = "s";
    made.result = result;
    return made;
}

TEST(ReportRow, tells_what_was_found_and_done) {
    auth::Evidence evidence = failed_evidence();
    policy::Decision decision;
    decision.override_reason = policy::Override{"local_policy", "cron"};
    smtp::Envelope envelope;
    const auto row = report_row(decision, evidence, dns::IpAddress::parse("192.0.2.1").value(), envelope, {});
    ASSERT_TRUE(row);
    EXPECT_EQ(row->policy_domain, name("example.org"));
    EXPECT_EQ(row->header_from, name("news.example.org"));
    EXPECT_EQ(row->disposition, "none");
    EXPECT_EQ(row->reason->comment, "cron");
    EXPECT_EQ(row->envelope_from, "");  // the null reverse-path
    EXPECT_EQ(row->spf->domain, "bounce.example");
}

TEST(ReportRow, is_not_written_where_there_is_nothing_to_tell) {
    auth::Evidence evidence = failed_evidence();
    for (const auto result : {dmarc::Result::none, dmarc::Result::temperror, dmarc::Result::permerror}) {
        evidence.dmarc.result = result;
        EXPECT_FALSE(report_row({}, evidence, {}, {}, {}));
    }
    evidence = failed_evidence();
    evidence.dmarc.record.reset();
    EXPECT_FALSE(report_row({}, evidence, {}, {}, {}));
}

// RFC 9990 §3.1.3: at most 100 signatures, those that align first.
TEST(ReportRow, orders_and_bounds_its_signatures) {
    auth::Evidence evidence = failed_evidence();
    for (int i = 0; i < 120; ++i)
        evidence.dkim.push_back(signature("decoy.example", dkim::Result::fail));
    evidence.dkim.push_back(signature("other.example", dkim::Result::pass));
    evidence.dkim.push_back(signature("example.org", dkim::Result::pass));
    evidence.dkim.push_back(signature("news.example.org", dkim::Result::pass));
    evidence.dkim.push_back(dkim::Signature());  // unparsable: no domain to name
    const auto row = report_row({}, evidence, {}, {}, {});
    ASSERT_EQ(row->dkim.size(), 100U);
    EXPECT_EQ(row->dkim[0].domain, "news.example.org");
    EXPECT_EQ(row->dkim[1].domain, "example.org");
    EXPECT_EQ(row->dkim[2].domain, "other.example");
    EXPECT_EQ(row->dkim[3].domain, "decoy.example");
}

TEST(QuarantineField, names_the_check) {
    policy::Decision decision;
    decision.reason = "why";
    EXPECT_EQ(quarantine_field(decision), "X-Quarantine: dmarc;\r\n\twhy\r\n");
    decision.rule = "authentication.spf.on_fail";
    EXPECT_EQ(quarantine_field(decision), "X-Quarantine: spf;\r\n\twhy\r\n");
    decision.rule = "policy.on_invalid_from";
    EXPECT_EQ(quarantine_field(decision), "X-Quarantine: from;\r\n\twhy\r\n");
}

}  // namespace
}  // namespace gatepost::server
