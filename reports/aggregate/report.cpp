#include "reports/aggregate/report.hpp"

#include "reports/aggregate/xml_text.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace gatepost::reports::aggregate {
namespace {

namespace dmarc = auth::dmarc;

constexpr std::size_t max_signatures = 100;  // RFC 9990 §3.1.3: in the order of the row

// A name as dot-atom-text (RFC 5322 §3.2.3); octets that it does not take are written "=HH", which it does.
std::string dot_atom(std::string_view name) {
    constexpr std::string_view others = "!#$%&'*+-/?^_`{|}~.";
    std::string text;
    for (const char c : name) {
        if (ascii::is_alnum(c) || others.find(c) != std::string_view::npos) {
            text += c;
            continue;
        }
        std::array<char, 4> escaped{};
        std::snprintf(escaped.data(), escaped.size(), "=%02X", static_cast<unsigned char>(c));
        text += escaped.data();
    }
    return text;
}

std::string date_text(std::chrono::year_month_day day) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return text.data();
}

std::string mode_letter(dmarc::AlignmentMode mode) {
    return mode == dmarc::AlignmentMode::strict ? "s" : "r";
}

// RFC 9990 §3.1.1.5: unspecified tags have their default values; those of sp and np are RFC 9989 §4.7's.
PolicyPublished policy_published(const dns::DomainName& domain, const Row& row) {
    const dmarc::Record& record = row.policy;
    const dmarc::Policy sp = record.sp.value_or(record.p);
    PolicyPublished published;
    published.domain = xml_text(domain.text());
    published.discovery_method = dmarc::to_string(row.discovery);
    published.p = dmarc::to_string(record.p);
    published.sp = dmarc::to_string(sp);
    published.np = dmarc::to_string(record.np.value_or(sp));
    published.fo = record.fo.empty() ? "0" : xml_text(record.fo);
    published.adkim = mode_letter(record.adkim);
    published.aspf = mode_letter(record.aspf);
    published.testing = record.testing ? "y" : "n";
    return published;
}

Record record_of(const Row& row) {
    Record record;
    record.source_ip = row.source_ip.text();
    record.disposition = row.disposition;
    record.dkim_aligned = row.dkim_aligned;
    record.spf_aligned = row.spf_aligned;
    if (row.reason) record.reason = {xml_text(row.reason->type), xml_text(row.reason->comment)};
    record.header_from = xml_text(row.header_from.text());
    record.envelope_from = xml_text(row.envelope_from);
    // One element for one domain (RFC 9990 §3.1.1.10). A message to several is still one message: naming each
    // in a record of its own would count it twice, so none is named.
    if (row.envelope_to.size() == 1) record.envelope_to = xml_text(row.envelope_to.front());
    for (const DkimResult& result : row.dkim) {
        // A signature whose d= could not be read was not validated, and the domain element is required.
        if (result.domain.empty() || record.dkim.size() == max_signatures) continue;
        record.dkim.push_back({xml_text(result.domain), xml_text(result.selector),
                               std::string(to_string(result.result)), xml_text(result.human_result)});
    }
    if (row.spf && !row.spf->domain.empty())
        record.spf = {xml_text(row.spf->domain),
                      {},
                      std::string(to_string(row.spf->result)),
                      xml_text(row.spf->human_result)};
    return record;
}

}  // namespace

std::string report_id(const dns::DomainName& policy_domain, std::chrono::year_month_day day,
                      const std::string& reporter_email) {
    std::string id = date_text(day) + "_" + dot_atom(policy_domain.text());
    const std::size_t at = reporter_email.rfind('@');
    if (at == std::string::npos) return id;
    const auto reporter = dns::DomainName::parse(std::string_view(reporter_email).substr(at + 1));
    if (reporter && !reporter->is_root()) id += "@" + dot_atom(reporter->text());
    return id;
}

std::optional<Report> make_report(const dns::DomainName& policy_domain, std::chrono::year_month_day day,
                                  const std::vector<store::CountedRow>& rows, const Reporter& reporter) {
    if (rows.empty()) return std::nullopt;
    // RFC 9990 §3.1: of several configurations in one period, the final one is noted; §3.3 lets the records
    // of the earlier ones stand beside it, so that no message is missing from the count.
    const auto latest = std::max_element(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
        return a.row.received < b.row.received;
    });
    Report report;
    report.metadata.reporter = {xml_text(reporter.organization), xml_text(reporter.email),
                                xml_text(reporter.generator)};
    report.metadata.report_id = report_id(policy_domain, day, reporter.email);
    report.metadata.begin = std::chrono::sys_days(day);
    report.metadata.end = std::chrono::sys_days(day) + std::chrono::days(1) - std::chrono::seconds(1);
    report.policy = policy_published(policy_domain, latest->row);
    for (const store::CountedRow& counted : rows)
        report.records[record_of(counted.row)] += counted.count;
    return report;
}

}  // namespace gatepost::reports::aggregate
