#include "reports/store/schema.hpp"

#include "reports/store/policy_table.hpp"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <array>
#include <string>
#include <system_error>

namespace gatepost::reports::store {
namespace {

constexpr int max_idle_log_octets = 16 * 1024 * 1024;  // local: what the write-ahead log keeps after a rush

// Leads from one version to the next.
struct Step {
    const char* sql;
    void (*then)(SQLite::Database& database) = nullptr;
};

// A report_row is its key: rows that are alike but for their time meet in one, with a count. Absent values
// are empty texts, as NULLs would not meet. Lists are netstrings (field_list.hpp).
constexpr std::array<Step, schema_version> steps{{{R"sql(
CREATE TABLE policy (
    id        INTEGER PRIMARY KEY,
    discovery TEXT NOT NULL,     -- treewalk, psl
    record    TEXT NOT NULL,     -- as found in the DNS
    p         TEXT NOT NULL,
    sp        TEXT NOT NULL,
    np        TEXT NOT NULL,
    adkim     TEXT NOT NULL,
    aspf      TEXT NOT NULL,
    testing   INTEGER NOT NULL,
    psd       TEXT NOT NULL,     -- y, n or empty
    fo        TEXT NOT NULL,
    rua       TEXT NOT NULL,
    ruf       TEXT NOT NULL,
    UNIQUE (record, discovery, p, sp, np, adkim, aspf, testing, psd, fo, rua, ruf)
) STRICT;
CREATE TABLE report_row (
    day              INTEGER NOT NULL,  -- days since 1970-01-01, UTC
    policy_domain    TEXT NOT NULL,
    source_ip        TEXT NOT NULL,
    header_from      TEXT NOT NULL,
    envelope_from    TEXT NOT NULL,
    envelope_to      TEXT NOT NULL,     -- list
    policy           INTEGER NOT NULL REFERENCES policy (id),
    disposition      TEXT NOT NULL,
    dkim_aligned     INTEGER NOT NULL,
    spf_aligned      INTEGER NOT NULL,
    reason_type      TEXT NOT NULL,
    reason_comment   TEXT NOT NULL,
    dkim             TEXT NOT NULL,     -- list: domain, selector, result, human_result, and so on
    spf_domain       TEXT NOT NULL,
    spf_result       TEXT NOT NULL,
    spf_human_result TEXT NOT NULL,
    latest           INTEGER NOT NULL,  -- microseconds since the epoch
    count            INTEGER NOT NULL,
    PRIMARY KEY (day, policy_domain, source_ip, header_from, envelope_from, envelope_to, policy, disposition,
                 dkim_aligned, spf_aligned, reason_type, reason_comment, dkim, spf_domain, spf_result,
                 spf_human_result)
) STRICT, WITHOUT ROWID;
)sql"},
                                                  // A policy is found by its hash: an index over its texts
                                                  // held each of them once more.
                                                  {R"sql(
CREATE TABLE policy_by_hash (
    id        INTEGER PRIMARY KEY,
    hash      BLOB UNIQUE,       -- SHA-256 over all that follows last_day (policy_table.cpp)
    last_day  INTEGER NOT NULL,  -- of the rows that refer to it, days since 1970-01-01, UTC
    discovery TEXT NOT NULL,
    record    TEXT NOT NULL,
    p         TEXT NOT NULL,
    sp        TEXT NOT NULL,
    np        TEXT NOT NULL,
    adkim     TEXT NOT NULL,
    aspf      TEXT NOT NULL,
    testing   INTEGER NOT NULL,
    psd       TEXT NOT NULL,
    fo        TEXT NOT NULL,
    rua       TEXT NOT NULL,
    ruf       TEXT NOT NULL
) STRICT;
INSERT INTO policy_by_hash
    SELECT id, NULL, coalesce((SELECT max(day) FROM report_row), 0),
           discovery, record, p, sp, np, adkim, aspf, testing, psd, fo, rua, ruf FROM policy;
DROP TABLE policy;
ALTER TABLE policy_by_hash RENAME TO policy;
CREATE INDEX policy_last_day ON policy (last_day);
)sql",
                                                   add_policy_hashes},
                                                  // The day is kept over restarts, so that a clock that ran
                                                  // ahead is not believed at the next one.
                                                  {R"sql(
CREATE TABLE pruning (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    day INTEGER NOT NULL  -- that it went by last, days since 1970-01-01, UTC
) STRICT;
INSERT INTO pruning SELECT 1, max(day) FROM report_row HAVING count(*) > 0;
)sql"}}};

int number(SQLite::Database& database, const char* query) {
    return database.execAndGet(query).getInt();
}

// Gives the version of the file's tables; 0 where it has none yet.
int check_owner(SQLite::Database& database, const std::filesystem::path& file) {
    const int owner = number(database, "PRAGMA application_id");
    const int version = number(database, "PRAGMA user_version");
    const bool empty = number(database, "SELECT count(*) FROM sqlite_master") == 0;
    if (owner != application_id && !(owner == 0 && empty))
        throw UnusableDatabase(file.string() + " is a database of another program");
    if (version > schema_version)
        throw UnusableDatabase(file.string() + " was written by a newer version of this program (schema " +
                               std::to_string(version) + ", this one knows " +
                               std::to_string(schema_version) + ")");
    return version;
}

void bring_up_to_date(SQLite::Database& database, const std::filesystem::path& file) {
    if (check_owner(database, file) == schema_version) return;
    // Immediate, and asked again inside: two processes may have come here at once.
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    const int version = check_owner(database, file);
    for (int from = version; from < schema_version; ++from) {
        const Step& step = steps.at(static_cast<std::size_t>(from));
        database.exec(step.sql);
        if (step.then != nullptr) step.then(database);
    }
    database.exec("PRAGMA application_id = " + std::to_string(application_id));
    database.exec("PRAGMA user_version = " + std::to_string(schema_version));
    transaction.commit();
}

}  // namespace

SQLite::Database open_for_writing(const std::filesystem::path& file, std::chrono::milliseconds lock_timeout) {
    std::error_code error;
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    if (!std::filesystem::is_directory(folder, error))
        throw UnusableDatabase("the folder " + folder.string() + " of the state database does not exist");
    SQLite::Database database(file.string(),
                              SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX,
                              static_cast<int>(lock_timeout.count()));
    check_owner(database, file);  // before anything is changed in a file that is not ours
    // With WAL, `gatepost report` reads while the server writes, and neither waits for the other.
    database.execAndGet("PRAGMA journal_mode = WAL");
    // FULL: a commit is on the disk when it returns; the batches keep that cheap.
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA journal_size_limit = " + std::to_string(max_idle_log_octets));
    bring_up_to_date(database, file);
    return database;
}

SQLite::Database open_for_reading(const std::filesystem::path& file, std::chrono::milliseconds lock_timeout) {
    std::error_code error;
    if (!std::filesystem::exists(file, error))
        throw UnusableDatabase("there is no state database " + file.string() +
                               ": no server has recorded anything there, or it cannot be read");
    SQLite::Database database(file.string(), SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX,
                              static_cast<int>(lock_timeout.count()));
    const int version = check_owner(database, file);
    if (version < schema_version)
        throw UnusableDatabase(file.string() + " has the tables of an older version (schema " +
                               std::to_string(version) + "): start the server once to bring it up to date");
    return database;
}

}  // namespace gatepost::reports::store
