// Where rows of evaluated messages are kept until their day's report is written. Appending never waits: a
// writer of its own collects rows and commits them in batches. Days are UTC days (RFC 9990 §3.1.1.4).
#pragma once

#include "reports/aggregate/row.hpp"

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::reports::store {

// One policy domain's day.
struct DaySummary {
    dns::DomainName policy_domain;
    std::chrono::year_month_day day;  // UTC
    std::uint64_t messages = 0;
};

// Rows that are alike but for their time, counted together (RFC 9990 §3.1.1.7: one record a tuple).
// `row.received` is the time of the latest of them.
struct CountedRow {
    aggregate::Row row;
    std::uint64_t count = 0;
};

// What a query found, or why it could not be answered: then `problem` is not empty, and `items` is.
template <typename T>
struct Found {
    std::vector<T> items;
    std::string problem;
};

class Reader {
  public:
    virtual ~Reader() = default;

    // The policy domains of one day, or of all days (newest first), each with its number of messages.
    virtual Found<DaySummary> days(std::optional<std::chrono::year_month_day> day) = 0;
    virtual Found<CountedRow> rows(const dns::DomainName& policy_domain, std::chrono::year_month_day day) = 0;
};

// What became of the rows since the store was opened.
struct Activity {
    std::uint64_t appended = 0;  // taken: waiting, written or left out
    std::uint64_t written = 0;   // committed
    std::uint64_t left_out = 0;  // there was no room for them in the database
    std::uint64_t dropped = 0;   // those, and what a full backlog that could not be written did not take
    std::uint64_t pruned = 0;    // taken out again, rows and policies, as they were too old or too many
    std::uint64_t octets = 0;    // of the database, as far as it holds something
    bool is_full = false;        // nothing more may be taken out: rows like none that is kept are dropped
    std::optional<dns::IpAddress> crowding;  // so are those of this client's network, past its share
    std::uint64_t settled() const { return written + left_out; }
    std::uint64_t waiting() const { return appended - settled(); }
};

// What is kept (PRODUCT.md, history).
struct Retention {
    std::chrono::year_month_day oldest;  // days before it go
    std::uint64_t octets = 0;            // past it the oldest days go first, …
    std::chrono::year_month_day spared;  // … but this one and those behind it: their reports are to be sent
    // What pruning_day() gives when the store is opened next.
    std::optional<std::chrono::year_month_day> today = {};
};

class Store : public Reader {
  public:
    // Takes a row; it is durable once flush() returned true or the next batch was committed. Any thread; does
    // no I/O and waits for none.
    virtual void append(aggregate::Row row) = 0;
    // Waits until every row appended before is committed. False: the database could not be written;
    // `problem()`. Blocks: not for a worker's thread.
    virtual bool flush() = 0;
    // Why the last write failed, empty while all is well. Any thread. Rows that could not be written are kept
    // in memory, within a bound, and tried again.
    virtual std::string problem() const = 0;
    // From now on. Days go in small steps between the batches of new rows. Any thread; waits for nothing.
    virtual void keep(const Retention& retention) = 0;
    // `today` of the last Retention that was gone by when the store was opened; nullopt: there was none.
    virtual std::optional<std::chrono::year_month_day> pruning_day() const = 0;
    // Any thread.
    virtual Activity activity() const = 0;
};

struct StoreOptions {
    // local: a durable commit costs milliseconds, so many rows share one.
    std::chrono::milliseconds batch_interval{200};
    std::size_t batch_rows = 1000;
    // local: hours of mail while a disk is full, yet no danger to the server's memory.
    std::size_t backlog_rows = 100'000;
    std::size_t backlog_octets = 64 * 1024 * 1024;
    std::chrono::milliseconds retry_interval{1000};  // after a failed write
    std::chrono::milliseconds lock_timeout{1000};    // for another process that holds the database
};

// The database file below the configured `data_dir`.
std::filesystem::path database_path(const std::filesystem::path& data_dir);

// A store, or why there is none (then `store` is null): the folder is missing or forbidden, the file is
// damaged, another program's, or of a newer schema than this program knows.
template <typename T>
struct Opened {
    std::unique_ptr<T> store;
    std::string problem;
};

// Opens or creates the database file and starts its writer. The destructor writes what is waiting, with one
// attempt; whoever must know whether that worked calls flush() first.
Opened<Store> open_store(const std::filesystem::path& file, const StoreOptions& options = {});
// Opens an existing database to read alone, also while a server writes to it.
Opened<Reader> open_reader(const std::filesystem::path& file);

}  // namespace gatepost::reports::store
