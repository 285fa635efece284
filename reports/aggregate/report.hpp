// An aggregate report as its schema says it (RFC 9990 §3.1.1 and Appendix A), made of the rows of one policy
// domain's day. All texts are already fit for XML (xml_text.hpp).
#pragma once

#include "reports/store/store.hpp"

#include "auth/dmarc/result.hpp"

#include "dns/domain_name.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::reports::aggregate {

// Who reports.
struct Reporter {
    std::string organization;
    std::string email;
    std::string generator;  // program and version
};

struct ReportMetadata {
    Reporter reporter;
    std::string report_id;
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;  // the last second of the period, not the one after
};

// RFC 9990 §3.1.1.5: the values in force, defaults filled in.
struct PolicyPublished {
    std::string domain;
    std::string discovery_method;
    std::string p, sp, np;
    std::string fo;
    std::string adkim, aspf;
    std::string testing;
};

// RFC 9990 §3.1.1.7: what makes one record; its count is kept beside it.
struct Record {
    std::string source_ip;
    std::string disposition;
    bool dkim_aligned = false;
    bool spf_aligned = false;
    struct Reason {
        std::string type;
        std::string comment;
        friend auto operator<=>(const Reason&, const Reason&) = default;
    };
    std::optional<Reason> reason;
    std::string header_from;
    std::string envelope_from;  // may be empty: the null reverse-path
    std::string envelope_to;    // empty: left out
    struct Result {
        std::string domain;
        std::string selector;  // of DKIM
        std::string result;
        std::string human_result;
        friend auto operator<=>(const Result&, const Result&) = default;
    };
    std::vector<Result> dkim;
    std::optional<Result> spf;
    friend auto operator<=>(const Record&, const Record&) = default;
};

struct Report {
    ReportMetadata metadata;
    PolicyPublished policy;
    std::map<Record, std::uint64_t> records;  // with the number of messages of each
};

// The same for the same domain, day and reporter, so that a report that is sent again is known again
// (RFC 9990 §3.5.1): "2026-11-24_example.com@reporter.example".
std::string report_id(const dns::DomainName& policy_domain, std::chrono::year_month_day day,
                      const std::string& reporter_email);

// nullopt: no rows, and a report must have a record (RFC 9990 §3.1.1.2).
std::optional<Report> make_report(const dns::DomainName& policy_domain, std::chrono::year_month_day day,
                                  const std::vector<store::CountedRow>& rows, const Reporter& reporter);

}  // namespace gatepost::reports::aggregate
