// `gatepost report list` and `gatepost report show DOMAIN`: what the state database holds of aggregate
// reports (RFC 9990), read while a server may be writing to it.
#pragma once

#include "config/config.hpp"

#include <chrono>
#include <iosfwd>
#include <string>

namespace gatepost::server::cli {

struct ReportListOptions {
    std::string date;  // YYYY-MM-DD, UTC; empty: every day that is kept
    bool json = false;
};

// Prints the policy domains that reports are pending for, with their messages; nothing pending is no failure.
// Gives the exit status: 0, 1 where the database cannot be read, 2 for a date that is none.
int report_list(const config::Config& config, const ReportListOptions& options, std::ostream& out,
                std::ostream& err);

struct ReportShowOptions {
    std::string domain;                         // a policy domain, A-labels or U-labels
    std::string date;                           // YYYY-MM-DD, UTC; empty: the day of `now`
    std::chrono::system_clock::time_point now;  // the caller's clock
    std::string generator = "Gatepost";         // program and version, for the report
};

// Prints the XML of one policy domain's day. Exit status: 0, 1 where there is nothing to report or the
// database cannot be read, 2 for a domain or a date that is none.
int report_show(const config::Config& config, const ReportShowOptions& options, std::ostream& out,
                std::ostream& err);

}  // namespace gatepost::server::cli
