#include "reports/store/pruner.hpp"

#include "reports/store/columns.hpp"

#include <string>

namespace gatepost::reports::store {
namespace {

constexpr const char* rows_at_a_time = "500";  // local: some milliseconds, and one commit
constexpr const char* row_key =
    "(day, policy_domain, source_ip, header_from, envelope_from, envelope_to, policy, disposition, "
    "dkim_aligned, spf_aligned, reason_type, reason_comment, dkim, spf_domain, spf_result, spf_human_result)";

std::string columns_of(std::string key) {
    return key.substr(1, key.size() - 2);
}

std::int64_t number(SQLite::Statement& statement) {
    Binder reset(statement);
    statement.executeStep();
    const std::int64_t value = statement.getColumn(0).getInt64();
    statement.tryReset();
    return value;
}

std::optional<std::int64_t> day(SQLite::Statement& statement) {
    Binder reset(statement);
    std::optional<std::int64_t> found;
    if (statement.executeStep() && !statement.getColumn(0).isNull())
        found = statement.getColumn(0).getInt64();
    statement.tryReset();
    return found;
}

}  // namespace

Pruner::Pruner(SQLite::Database& database)
    : pages_(database, "PRAGMA page_count"),
      free_pages_(database, "PRAGMA freelist_count"),
      oldest_(database, "SELECT min(day) FROM report_row"),
      pruning_day_(database, "SELECT day FROM pruning"),
      remember_(database, "INSERT OR REPLACE INTO pruning VALUES (1, ?)"),
      delete_rows_(database, std::string("DELETE FROM report_row WHERE ") + row_key + " IN (SELECT " +
                                 columns_of(row_key) + " FROM report_row WHERE day < ? ORDER BY day LIMIT " +
                                 rows_at_a_time + ")"),
      delete_policies_(database,
                       std::string("DELETE FROM policy WHERE id IN (SELECT id FROM policy WHERE last_day < ? "
                                   "LIMIT ") +
                           rows_at_a_time + ")"),
      page_octets_(static_cast<std::uint64_t>(database.execAndGet("PRAGMA page_size").getInt64())) {}

std::uint64_t Pruner::octets_used() {
    return static_cast<std::uint64_t>(number(pages_) - number(free_pages_)) * page_octets_;
}

std::optional<std::int64_t> Pruner::oldest_day() {
    return day(oldest_);
}

std::optional<std::int64_t> Pruner::pruning_day() {
    return day(pruning_day_);
}

void Pruner::remember_pruning_day(std::int64_t day) {
    Binder(remember_).integer(day);
    remember_.exec();
}

std::size_t Pruner::prune_before(std::int64_t day) {
    Binder(delete_rows_).integer(day);
    const int rows = delete_rows_.exec();
    if (rows > 0) return static_cast<std::size_t>(rows);
    Binder(delete_policies_).integer(day);
    return static_cast<std::size_t>(delete_policies_.exec());
}

}  // namespace gatepost::reports::store
