// Where rows of evaluated messages are kept until their day's report is written. Appending never waits: a
// writer of its own collects rows and commits them in batches.
#pragma once

#include "reports/aggregate/row.hpp"

#include "dns/domain_name.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::reports::store {

// One policy domain's day.
struct DaySummary {
    dns::DomainName policy_domain;
    std::chrono::year_month_day day;  // UTC
    std::uint64_t messages = 0;
};

// Rows that are alike but for their time, counted together (RFC 9990 §3.1.1.5: one record, with its count).
struct CountedRow {
    aggregate::Row row;
    std::uint64_t count = 0;
};

class Store {
  public:
    virtual ~Store() = default;

    // Takes a row; it is durable once flush() returned or the next batch was committed. Any thread.
    virtual void append(aggregate::Row row) = 0;
    // Waits until every row appended before is committed. False: the database could not be written;
    // `problem()`.
    virtual bool flush() = 0;
    // Why the last write failed, empty while all is well. Any thread. Rows that could not be written are kept
    // in memory, within a bound, and tried again.
    virtual std::string problem() const = 0;

    virtual std::vector<DaySummary> days(std::chrono::year_month_day day) = 0;
    virtual std::vector<CountedRow> rows(const dns::DomainName& policy_domain,
                                         std::chrono::year_month_day day) = 0;
};

}  // namespace gatepost::reports::store
