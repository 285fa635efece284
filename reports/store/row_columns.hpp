// Rows to columns and back (schema.cpp). Inside reports/store/ alone.
#pragma once

#include "reports/store/policy_table.hpp"
#include "reports/store/row_room.hpp"
#include "reports/store/store.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace gatepost::reports::store {

// Rows that differ in nothing but their time within the day.
struct AlikeRows {
    const aggregate::Row* row;  // one of them
    std::chrono::system_clock::time_point latest;
    std::uint64_t count;
};

// Writes rows through one connection; statements are prepared once. Exceptions are SQLite::Exception.
class RowWriter {
  public:
    explicit RowWriter(SQLite::Database& database);

    // The first `count` of `rows`: one transaction. Gives how many of them were left out, as there was no
    // room for them; those that are alike with one that is kept are counted there in any case.
    std::size_t write(const std::deque<aggregate::Row>& rows, std::size_t count, RowRoom& room);
    // To be called when policies were taken out of the database.
    void forget_policies() { policies_.forget(); }

  private:
    bool write_row(const AlikeRows& alike, RowRoom& room);
    int run(SQLite::Statement& statement, const AlikeRows& alike, std::int64_t policy);

    SQLite::Database& database_;
    PolicyTable policies_;
    SQLite::Statement add_row_;
    SQLite::Statement count_row_;
};

// Both throw SQLite::Exception.
std::vector<DaySummary> read_days(SQLite::Database& database, std::optional<std::chrono::year_month_day> day);
// A row that does not read back (a damaged file) is an exception too: a report that silently lacks mail would
// mislead.
std::vector<CountedRow> read_rows(SQLite::Database& database, const dns::DomainName& policy_domain,
                                  std::chrono::year_month_day day);

}  // namespace gatepost::reports::store
