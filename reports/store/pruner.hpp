// Takes old rows out of the database, a few at a time: the writer's batches go on between. The room of what
// is gone is used again; the file itself does not shrink. Inside reports/store/ alone.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace gatepost::reports::store {

// Days are counted since 1970-01-01. All throw SQLite::Exception.
class Pruner {
  public:
    explicit Pruner(SQLite::Database& database);

    // The octets that hold something, of the file.
    std::uint64_t octets_used();
    // Of the oldest row; nullopt: there is none.
    std::optional<std::int64_t> oldest_day();
    // The day that pruning went by last, over restarts; nullopt: it never did.
    std::optional<std::int64_t> pruning_day();
    void remember_pruning_day(std::int64_t day);
    // Deletes some rows of the days before `day`, and then policies that no row refers to any more. The
    // number of rows and policies that are gone; 0: nothing is left to do.
    std::size_t prune_before(std::int64_t day);

  private:
    SQLite::Statement pages_;
    SQLite::Statement free_pages_;
    SQLite::Statement oldest_;
    SQLite::Statement pruning_day_;
    SQLite::Statement remember_;
    SQLite::Statement delete_rows_;
    SQLite::Statement delete_policies_;
    std::uint64_t page_octets_;
};

}  // namespace gatepost::reports::store
