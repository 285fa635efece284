// The store in one SQLite file. The writer's thread has a connection of its own and queries have another, so
// neither waits for the other; the mutex guards the backlog alone and is never held over I/O.
#include "reports/store/pruner.hpp"
#include "reports/store/row_columns.hpp"
#include "reports/store/schema.hpp"
#include "reports/store/store.hpp"

#include <SQLiteCpp/Exception.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace gatepost::reports::store {
namespace {

using aggregate::Row;

constexpr std::chrono::milliseconds query_lock_timeout{5000};  // local: a person waits

std::size_t octets_of(const Row& row) {
    std::size_t octets = sizeof(Row) + row.policy_domain.text().size() + row.header_from.text().size() +
                         row.policy.text.size() + row.policy.rua.size() + row.policy.ruf.size() +
                         row.policy.fo.size() + row.envelope_from.size();
    for (const std::string& domain : row.envelope_to)
        octets += sizeof(std::string) + domain.size();
    for (const aggregate::DkimResult& result : row.dkim)
        octets += sizeof(result) + result.domain.size() + result.selector.size() + result.human_result.size();
    if (row.spf) octets += row.spf->domain.size() + row.spf->human_result.size();
    if (row.reason) octets += row.reason->comment.size();
    return octets;
}

std::int64_t number_of(std::chrono::year_month_day day) {
    return std::chrono::sys_days(day).time_since_epoch().count();
}

// Runs one query and turns what it throws into words.
template <typename T, typename Query>
Found<T> run_query(const std::filesystem::path& file, Query query) {
    Found<T> found;
    try {
        found.items = query();
    } catch (const std::exception& error) {
        found.problem = "cannot read " + file.string() + ": " + error.what();
    }
    return found;
}

// Queries through one connection, one at a time.
class SqliteReader final : public Reader {
  public:
    SqliteReader(std::filesystem::path file, SQLite::Database database)
        : file_(std::move(file)), database_(std::move(database)) {}

    Found<DaySummary> days(std::optional<std::chrono::year_month_day> day) override {
        const std::lock_guard lock(mutex_);
        return run_query<DaySummary>(file_, [&] { return read_days(database_, day); });
    }

    Found<CountedRow> rows(const dns::DomainName& policy_domain, std::chrono::year_month_day day) override {
        const std::lock_guard lock(mutex_);
        return run_query<CountedRow>(file_, [&] { return read_rows(database_, policy_domain, day); });
    }

  private:
    std::filesystem::path file_;
    std::mutex mutex_;
    SQLite::Database database_;
};

class SqliteStore final : public Store {
  public:
    SqliteStore(std::filesystem::path file, SQLite::Database database, SQLite::Database read_database,
                const StoreOptions& options)
        : file_(std::move(file)),
          options_(options),
          reader_(file_, std::move(read_database)),
          database_(std::move(database)),
          writer_(database_),
          room_(database_),
          pruner_(database_),
          pruning_day_(pruner_.pruning_day()),
          thread_([this] { run(); }) {}

    ~SqliteStore() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        thread_.join();
    }

    void append(Row row) override;
    bool flush() override;
    std::string problem() const override;
    void keep(const Retention& retention) override;
    std::optional<std::chrono::year_month_day> pruning_day() const override {
        if (!pruning_day_) return std::nullopt;
        return std::chrono::sys_days(std::chrono::days(*pruning_day_));
    }
    Activity activity() const override;
    Found<DaySummary> days(std::optional<std::chrono::year_month_day> day) override {
        return reader_.days(day);
    }
    Found<CountedRow> rows(const dns::DomainName& policy_domain, std::chrono::year_month_day day) override {
        return reader_.rows(policy_domain, day);
    }

  private:
    void run();
    void await_work(std::unique_lock<std::mutex>& lock);
    // What one attempt to write came to.
    struct Attempt {
        std::size_t rows = 0;      // gone from the backlog: committed, …
        std::size_t left_out = 0;  // … or there was no room for them in the database
        std::size_t octets = 0;    // that they took
        std::string problem;
    };
    Attempt write_batch();
    void settle(Attempt attempt);
    void prune_some(std::unique_lock<std::mutex>& lock);

    const std::filesystem::path file_;
    const StoreOptions options_;
    SqliteReader reader_;

    mutable std::mutex mutex_;         // guards from here …
    std::condition_variable wake_;     // the writer: there is something to do
    std::condition_variable settled_;  // those that flush: an attempt is over
    std::deque<Row> arrived_;          // not yet taken by the writer
    std::size_t octets_ = 0;           // of arrived_ and backlog_
    Activity activity_;
    std::uint64_t failures_ = 0;
    std::size_t flushing_ = 0;  // callers inside flush()
    bool hurry_ = false;        // try again now, though the last attempt failed
    bool stopping_ = false;
    std::optional<Retention> retention_;
    bool may_prune_ = false;  // there may be something to take out
    std::string problem_;     // … to here

    std::deque<Row> backlog_;  // the writer's own: taken, not yet committed
    SQLite::Database database_;
    RowWriter writer_;
    RowRoom room_;
    Pruner pruner_;
    const std::optional<std::int64_t> pruning_day_;  // when the store was opened
    std::thread thread_;                             // last: it uses all of the above
};

void SqliteStore::append(Row row) {
    const std::size_t octets = octets_of(row);
    const std::lock_guard lock(mutex_);
    if (activity_.waiting() >= options_.backlog_rows || octets_ + octets > options_.backlog_octets) {
        ++activity_.dropped;
        return;
    }
    arrived_.push_back(std::move(row));
    octets_ += octets;
    ++activity_.appended;
    if (arrived_.size() == 1 || arrived_.size() == options_.batch_rows) wake_.notify_one();
}

bool SqliteStore::flush() {
    std::unique_lock lock(mutex_);
    const std::uint64_t target = activity_.appended;
    const std::uint64_t failures = failures_;
    ++flushing_;
    hurry_ = true;
    wake_.notify_one();
    settled_.wait(lock, [&] { return activity_.settled() >= target || failures_ != failures; });
    --flushing_;
    return activity_.settled() >= target;
}

std::string SqliteStore::problem() const {
    const std::lock_guard lock(mutex_);
    if (problem_.empty()) return {};
    std::string text = problem_ + "; " + std::to_string(activity_.waiting()) + " rows wait in memory";
    if (activity_.dropped > 0) text += ", " + std::to_string(activity_.dropped) + " were dropped";
    return text;
}

Activity SqliteStore::activity() const {
    const std::lock_guard lock(mutex_);
    return activity_;
}

void SqliteStore::keep(const Retention& retention) {
    const std::lock_guard lock(mutex_);
    retention_ = retention;
    may_prune_ = true;
    wake_.notify_one();
}

// Returns when a batch is due: it is full or old enough, someone waits for it, or the end has come. Or when
// something is to be taken out, and nothing came.
void SqliteStore::await_work(std::unique_lock<std::mutex>& lock) {
    wake_.wait(lock, [&] { return stopping_ || may_prune_ || !arrived_.empty(); });
    if (arrived_.empty()) return;
    wake_.wait_for(lock, options_.batch_interval,
                   [&] { return stopping_ || flushing_ > 0 || arrived_.size() >= options_.batch_rows; });
}

void SqliteStore::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (backlog_.empty()) {
            await_work(lock);
            // All of it at once, so that the lock is short however many there are.
            backlog_.swap(arrived_);
        }
        if (may_prune_ && !stopping_) prune_some(lock);
        if (backlog_.empty() && !stopping_) continue;
        if (backlog_.empty()) return;  // stopping, and nothing is left
        hurry_ = false;
        lock.unlock();
        Attempt attempt = write_batch();
        lock.lock();
        settle(std::move(attempt));
        if (problem_.empty()) continue;
        if (stopping_) return;
        wake_.wait_for(lock, options_.retry_interval, [&] { return stopping_ || hurry_; });
    }
}

// Writes the head of the backlog, up to a batch; rows stay in it until they are committed.
SqliteStore::Attempt SqliteStore::write_batch() {
    Attempt attempt;
    const std::size_t count = std::min(backlog_.size(), options_.batch_rows);
    try {
        attempt.left_out = writer_.write(backlog_, count, room_);
    } catch (const std::exception& error) {
        attempt.problem = "cannot write " + file_.string() + ": " + error.what();
        return attempt;
    }
    for (; attempt.rows < count; ++attempt.rows) {
        attempt.octets += octets_of(backlog_.front());
        backlog_.pop_front();
    }
    return attempt;
}

void SqliteStore::settle(Attempt attempt) {
    activity_.written += attempt.rows - attempt.left_out;
    activity_.left_out += attempt.left_out;
    activity_.dropped += attempt.left_out;
    activity_.crowding = room_.crowding();
    octets_ -= attempt.octets;
    problem_ = std::move(attempt.problem);
    if (!problem_.empty()) ++failures_;
    if (retention_ && attempt.rows > 0) may_prune_ = true;
    settled_.notify_all();
}

// One step. A failure (a disk that is full to the last octet) is not told: if it lasts, the next batch fails,
// too, and tells.
void SqliteStore::prune_some(std::unique_lock<std::mutex>& lock) {
    const Retention retention = *retention_;
    std::uint64_t octets = activity_.octets;
    lock.unlock();
    std::size_t gone = 0;
    bool is_full = false;
    try {
        if (retention.today && pruner_.pruning_day() < number_of(*retention.today))
            pruner_.remember_pruning_day(number_of(*retention.today));
        gone = pruner_.prune_before(number_of(retention.oldest));
        octets = pruner_.octets_used();
        const std::optional<std::int64_t> oldest =
            gone == 0 && octets > retention.octets ? pruner_.oldest_day() : std::nullopt;
        if (oldest && *oldest < number_of(retention.spared)) {
            gone = pruner_.prune_before(*oldest + 1);
            octets = pruner_.octets_used();
        }
        is_full = gone == 0 && octets > retention.octets;
        room_.measure(retention, octets, is_full);
    } catch (const std::exception&) {
        gone = 0;
    }
    if (gone > 0) writer_.forget_policies();
    lock.lock();
    activity_.pruned += gone;
    activity_.octets = octets;
    activity_.is_full = is_full;
    may_prune_ = gone > 0;
}

template <typename T>
Opened<T> cannot_open(const std::filesystem::path& file, const std::exception& error) {
    return {nullptr, "cannot open " + file.string() + ": " + error.what()};
}

}  // namespace

std::filesystem::path database_path(const std::filesystem::path& data_dir) {
    return data_dir / "state.sqlite3";
}

Opened<Store> open_store(const std::filesystem::path& file, const StoreOptions& options) {
    try {
        SQLite::Database database = open_for_writing(file, options.lock_timeout);
        SQLite::Database read_database = open_for_reading(file, query_lock_timeout);
        return {std::make_unique<SqliteStore>(file, std::move(database), std::move(read_database), options),
                {}};
    } catch (const UnusableDatabase& error) {
        return {nullptr, error.what()};
    } catch (const std::exception& error) {
        return cannot_open<Store>(file, error);
    }
}

Opened<Reader> open_reader(const std::filesystem::path& file) {
    try {
        return {std::make_unique<SqliteReader>(file, open_for_reading(file, query_lock_timeout)), {}};
    } catch (const UnusableDatabase& error) {
        return {nullptr, error.what()};
    } catch (const std::exception& error) {
        return cannot_open<Reader>(file, error);
    }
}

}  // namespace gatepost::reports::store
