// A row of an evaluated message for tests.
#pragma once

#include "reports/aggregate/row.hpp"

#include <chrono>
#include <string>

namespace gatepost::tests {

inline constexpr std::chrono::sys_days report_day{std::chrono::year(2026) / 11 / 24};

inline dns::DomainName domain_name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

// A message of example.org that passes by DKIM, received `at` after midnight UTC of report_day.
inline reports::aggregate::Row report_row(std::chrono::seconds at = std::chrono::hours(12)) {
    reports::aggregate::Row row;
    row.received = report_day + at;
    row.policy_domain = domain_name("example.org");
    row.policy.text = "v=DMARC1; p=reject";
    row.policy.p = auth::dmarc::Policy::reject;
    row.source_ip = dns::IpAddress::parse("192.0.2.1").value();
    row.disposition = "pass";
    row.dkim_aligned = true;
    row.header_from = domain_name("example.org");
    row.envelope_from = "bounces.example.org";
    row.envelope_to = {"example.com"};
    row.dkim = {{"example.org", "s1", auth::dkim::Result::pass, ""}};
    row.spf = reports::aggregate::SpfResult{"bounces.example.org", auth::spf::Result::softfail, "~all"};
    return row;
}

}  // namespace gatepost::tests
