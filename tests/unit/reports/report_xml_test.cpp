#include "tests/support/report_row.hpp"
#include "tests/support/temporary_folder.hpp"

#include "reports/aggregate/xml.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace gatepost::reports::aggregate {
namespace {

using tests::domain_name;
using tests::report_day;
using tests::report_row;
namespace dmarc = auth::dmarc;

const Reporter reporter{"Example Ltd", "dmarc-reports@example.com", "Gatepost test"};

std::string xml_of(const std::vector<store::CountedRow>& rows, const Reporter& by = reporter) {
    const auto report = make_report(domain_name("example.org"), report_day, rows, by);
    EXPECT_TRUE(report.has_value());
    std::ostringstream out;
    if (report) write_xml(out, *report);
    return out.str();
}

// Validates against the published schema; false where that cannot be done here.
bool schema_at_hand() {
    return std::filesystem::exists(GATEPOST_SUITES "/dmarc-xsd/rfc9990-dmarc-2.0.xsd") &&
           std::system("xmllint --version >/dev/null 2>&1") == 0;
}

testing::AssertionResult valid(const std::string& xml) {
    const tests::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "report.xml";
    std::ofstream(file, std::ios::binary) << xml;
    const std::filesystem::path errors = folder.path() / "errors";
    const std::string command = "xmllint --nonet --noout --schema '" GATEPOST_SUITES
                                "/dmarc-xsd/rfc9990-dmarc-2.0.xsd' '" +
                                file.string() + "' 2>'" + errors.string() + "'";
    if (std::system(command.c_str()) == 0) return testing::AssertionSuccess();
    std::ostringstream text;
    text << std::ifstream(errors).rdbuf();
    return testing::AssertionFailure() << text.str() << xml;
}

Row hostile_row() {
    Row row = report_row();
    const std::string nasty = std::string("<!--\x00]]>&'\"\xff\r\n\x1b</record>", 25);
    row.header_from = domain_name("<script>&amp;\x01.example.org");
    row.envelope_from = nasty;
    row.envelope_to = {nasty};
    row.policy.fo = nasty;
    row.disposition = "none";
    row.reason = OverrideReason{"local_policy", nasty};
    row.dkim = {{nasty, nasty, auth::dkim::Result::permerror, nasty},
                {"example.org", "", auth::dkim::Result::fail, std::string(100'000, 'x')}};
    row.spf = SpfResult{nasty, auth::spf::Result::permerror, nasty};
    return row;
}

TEST(ReportXml, IsWhatTheRfcSays) {
    Row row = report_row();
    row.policy.np = dmarc::Policy::quarantine;
    row.policy.adkim = dmarc::AlignmentMode::strict;
    row.policy.testing = true;
    row.disposition = "quarantine";
    row.dkim_aligned = false;
    row.dkim = {{"example.net", "s1", auth::dkim::Result::fail, "body hash differs"}};
    row.reason = OverrideReason{"policy_test_mode", ""};
    EXPECT_EQ(xml_of({{row, 3}}), R"(<?xml version="1.0" encoding="UTF-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>Example Ltd</org_name>
    <email>dmarc-reports@example.com</email>
    <report_id>2026-11-24_example.org@example.com</report_id>
    <date_range>
      <begin>1795478400</begin>
      <end>1795564799</end>
    </date_range>
    <generator>Gatepost test</generator>
  </report_metadata>
  <policy_published>
    <domain>example.org</domain>
    <discovery_method>treewalk</discovery_method>
    <p>reject</p>
    <sp>reject</sp>
    <np>quarantine</np>
    <fo>0</fo>
    <adkim>s</adkim>
    <aspf>r</aspf>
    <testing>y</testing>
  </policy_published>
  <record>
    <row>
      <source_ip>192.0.2.1</source_ip>
      <count>3</count>
      <policy_evaluated>
        <disposition>quarantine</disposition>
        <dkim>fail</dkim>
        <spf>fail</spf>
        <reason>
          <type>policy_test_mode</type>
        </reason>
      </policy_evaluated>
    </row>
    <identifiers>
      <header_from>example.org</header_from>
      <envelope_from>bounces.example.org</envelope_from>
      <envelope_to>example.com</envelope_to>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>example.net</domain>
        <selector>s1</selector>
        <result>fail</result>
        <human_result>body hash differs</human_result>
      </dkim>
      <spf>
        <domain>bounces.example.org</domain>
        <scope>mfrom</scope>
        <result>softfail</result>
        <human_result>~all</human_result>
      </spf>
    </auth_results>
  </record>
</feedback>
)");
}

TEST(ReportXml, IsValidByTheSchemaOfRfc9990) {
    if (!schema_at_hand())
        GTEST_SKIP() << "NOT TESTED: needs xmllint (libxml2-utils) and " GATEPOST_SUITES "/dmarc-xsd";
    std::vector<store::CountedRow> rows;
    for (const char* disposition : {"none", "pass", "quarantine", "reject"})
        for (const char* type :
             {"", "local_policy", "policy_test_mode", "trusted_forwarder", "mailing_list"}) {
            Row row = report_row();
            row.disposition = disposition;
            if (*type != '\0') row.reason = OverrideReason{type, "a comment"};
            rows.push_back({row, 1});
        }
    for (int result = 0; result <= static_cast<int>(auth::dkim::Result::permerror); ++result) {
        Row row = report_row();
        row.source_ip = dns::IpAddress::parse("2001:db8::1").value();
        row.envelope_from.clear();
        row.dkim.push_back({"example.org", "s2", static_cast<auth::dkim::Result>(result), ""});
        row.spf->result = static_cast<auth::spf::Result>(result);
        rows.push_back({row, 1'000'000'000'000});
    }
    Row bare = report_row();
    bare.dkim.clear();
    bare.spf.reset();
    rows.push_back({bare, 1});
    EXPECT_TRUE(valid(xml_of(rows)));
    EXPECT_TRUE(valid(xml_of({{hostile_row(), 1}})));
    EXPECT_TRUE(valid(xml_of({{report_row(), 1}}, {"<A & B>\x02\xff", "x", ""})));
    EXPECT_FALSE(valid("<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\"/>")) << "the check sees faults";
}

TEST(ReportXml, EscapesWhatSendersChose) {
    const std::string xml = xml_of({{hostile_row(), 1}});
    for (const char* bad : {"<script>", "<!--", "\x1b", "\xff", "\r"})
        EXPECT_EQ(xml.find(bad), std::string::npos) << bad;
    EXPECT_NE(xml.find("&lt;script&gt;&amp;amp;"), std::string::npos) << xml;
    EXPECT_EQ(xml.find(std::string(2000, 'x')), std::string::npos) << "long texts are cut";
}

// RFC 9990 §3.1: the final configuration observed; §3.3: records of both.
TEST(ReportXml, NotesTheFinalOfSeveralConfigurations) {
    Row early = report_row(std::chrono::hours(1));
    early.policy.p = dmarc::Policy::none;
    early.disposition = "none";
    const Row late = report_row(std::chrono::hours(23));
    const std::string xml = xml_of({{late, 2}, {early, 5}});
    EXPECT_NE(xml.find("<p>reject</p>"), std::string::npos);
    EXPECT_EQ(xml.find("<p>none</p>"), std::string::npos);
    EXPECT_NE(xml.find("<count>2</count>"), std::string::npos);
    EXPECT_NE(xml.find("<count>5</count>"), std::string::npos);
}

// RFC 9990 §3.1.1.7: one record per tuple, though the policy changed between two messages.
TEST(ReportXml, MergesEqualRecords) {
    Row early = report_row(std::chrono::hours(1));
    early.policy.rua = "mailto:old@example.org";
    const auto report =
        make_report(domain_name("example.org"), report_day, {{report_row(), 2}, {early, 5}}, reporter);
    ASSERT_TRUE(report);
    ASSERT_EQ(report->records.size(), 1u);
    EXPECT_EQ(report->records.begin()->second, 7u);
}

TEST(ReportXml, NamesARecipientDomainOnlyWhereItIsOne) {
    Row row = report_row();
    row.envelope_to = {"example.com", "example.net"};
    EXPECT_EQ(xml_of({{row, 1}}).find("envelope_to"), std::string::npos);
}

TEST(ReportXml, KeepsTheNullReversePathAsEmpty) {  // RFC 9990 §3.1.1.10
    Row row = report_row();
    row.envelope_from.clear();
    EXPECT_NE(xml_of({{row, 1}}).find("<envelope_from />"), std::string::npos);
}

TEST(ReportXml, TakesAHundredSignatures) {  // RFC 9990 §3.1.3
    Row row = report_row();
    row.dkim.assign(150, {"example.org", "s1", auth::dkim::Result::pass, ""});
    const auto report = make_report(domain_name("example.org"), report_day, {{row, 1}}, reporter);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->records.begin()->first.dkim.size(), 100u);
}

TEST(Report, NeedsARecord) {  // RFC 9990 §3.1.1.2
    EXPECT_FALSE(make_report(domain_name("example.org"), report_day, {}, reporter));
}

TEST(Report, IdIsADotAtomAndStable) {  // RFC 9990 §3.5.1
    struct Case {
        const char* domain;
        const char* email;
        const char* want;
    };
    for (const Case& c : {Case{"example.org", "a@example.com", "2026-11-24_example.org@example.com"},
                          Case{"_x.example.org", "a@b@example.com", "2026-11-24__x.example.org@example.com"},
                          Case{"a<\x01>.example", "nobody", "2026-11-24_a=3C=01=3E.example"},
                          Case{"example.org", "a@", "2026-11-24_example.org"}})
        EXPECT_EQ(report_id(domain_name(c.domain), report_day, c.email), c.want);
}

}  // namespace
}  // namespace gatepost::reports::aggregate
