// The policies that rows were judged by, each kept once however many rows refer to it: a record is chosen by
// whoever owns the domain, and may be many times the size of his message. Inside reports/store/ alone.
#pragma once

#include "reports/aggregate/row.hpp"
#include "reports/store/columns.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace gatepost::reports::store {

// The columns of a policy that read_policy() takes.
extern const char* const policy_columns;
void read_policy(Columns& columns, aggregate::Row& row);

// Of version 2 of the tables: gives the policies of version 1 the key that they have now.
void add_policy_hashes(SQLite::Database& database);

class PolicyTable {
  public:
    explicit PolicyTable(SQLite::Database& database);

    // The id of the row's policy, which is written where it is new. It is kept at least as long as rows of
    // `day`. Throws SQLite::Exception.
    std::int64_t id_of(const aggregate::Row& row, std::int64_t day);
    // The same; nullopt where it is new, and nothing is written.
    std::optional<std::int64_t> find(const aggregate::Row& row, std::int64_t day);
    // To be called when policies were taken out of the database.
    void forget() { ids_.clear(); }

  private:
    std::optional<std::int64_t> find(std::string texts, std::int64_t day);
    std::optional<std::int64_t> read(const std::string& hash, std::int64_t day);

    SQLite::Database& database_;
    std::int64_t day_ = 0;                               // of ids_
    std::unordered_map<std::string, std::int64_t> ids_;  // of policies that rows of day_ refer to
    SQLite::Statement find_;
    SQLite::Statement add_;
    SQLite::Statement use_;
};

}  // namespace gatepost::reports::store
