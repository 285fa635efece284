#include "tests/support/file_size_limit.hpp"
#include "tests/support/report_row.hpp"
#include "tests/support/temporary_folder.hpp"

#include "reports/store/store.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <thread>

namespace gatepost::reports::store {
namespace {

using aggregate::Row;
using tests::domain_name;
using tests::report_day;
using tests::report_row;
using namespace std::chrono_literals;

class SqliteStoreTest : public testing::Test {
  protected:
    std::unique_ptr<Store> open(const StoreOptions& options = {}) {
        Opened<Store> opened = open_store(file, options);
        EXPECT_EQ(opened.problem, "");
        EXPECT_NE(opened.store, nullptr);
        return std::move(opened.store);
    }
    std::uint64_t messages(Reader& reader, std::string_view domain = "example.org") {
        std::uint64_t sum = 0;
        for (const CountedRow& row : reader.rows(domain_name(domain), report_day).items)
            sum += row.count;
        return sum;
    }
    // Rows that differ, with enough text to fill pages.
    static Row distinct_row(int number) {
        Row row = report_row();
        row.envelope_from = std::to_string(number) + std::string(200, 'x') + ".example";
        return row;
    }

    tests::TemporaryFolder folder;
    const std::filesystem::path file = database_path(folder.path());
};

void expect_same(const Row& got, const Row& want) {
    EXPECT_EQ(got.received, want.received);
    EXPECT_EQ(got.policy_domain, want.policy_domain);
    EXPECT_EQ(got.discovery, want.discovery);
    EXPECT_EQ(got.policy.text, want.policy.text);
    EXPECT_EQ(got.policy.p, want.policy.p);
    EXPECT_EQ(got.policy.sp, want.policy.sp);
    EXPECT_EQ(got.policy.np, want.policy.np);
    EXPECT_EQ(got.policy.adkim, want.policy.adkim);
    EXPECT_EQ(got.policy.aspf, want.policy.aspf);
    EXPECT_EQ(got.policy.testing, want.policy.testing);
    EXPECT_EQ(got.policy.psd, want.policy.psd);
    EXPECT_EQ(got.policy.fo, want.policy.fo);
    EXPECT_EQ(got.policy.rua, want.policy.rua);
    EXPECT_EQ(got.policy.ruf, want.policy.ruf);
    EXPECT_EQ(got.source_ip, want.source_ip);
    EXPECT_EQ(got.disposition, want.disposition);
    EXPECT_EQ(got.dkim_aligned, want.dkim_aligned);
    EXPECT_EQ(got.spf_aligned, want.spf_aligned);
    EXPECT_EQ(got.reason, want.reason);
    EXPECT_EQ(got.header_from, want.header_from);
    EXPECT_EQ(got.envelope_from, want.envelope_from);
    EXPECT_EQ(got.envelope_to, want.envelope_to);
    EXPECT_EQ(got.dkim, want.dkim);
    EXPECT_EQ(got.spf, want.spf);
}

TEST_F(SqliteStoreTest, KeepsEveryPartOfARow) {
    Row full = report_row();
    full.discovery = auth::dmarc::Discovery::psl;
    full.policy.sp = auth::dmarc::Policy::none;
    full.policy.np = auth::dmarc::Policy::quarantine;
    full.policy.adkim = auth::dmarc::AlignmentMode::strict;
    full.policy.testing = true;
    full.policy.psd = false;
    full.policy.fo = "1:d";
    full.policy.rua = "mailto:a@example.org";
    full.policy.ruf = "mailto:b@example.org";
    full.source_ip = dns::IpAddress::parse("2001:db8::1").value();
    full.reason = aggregate::OverrideReason{"local_policy", "cron hosts"};
    full.spf_aligned = true;
    full.dkim.push_back(
        {std::string("a\0b", 3), "'; DROP TABLE policy; --", auth::dkim::Result::fail, "\xff"});
    full.envelope_to = {"example.com", "example.net"};
    Row bare = report_row(1h);
    bare.policy_domain = domain_name("example.net");
    bare.envelope_from = std::string("\0x", 2);
    bare.envelope_to.clear();
    bare.dkim.clear();
    bare.spf.reset();

    const auto store = open();
    store->append(full);
    store->append(bare);
    ASSERT_TRUE(store->flush());
    for (const Row& want : {full, bare}) {
        const Found<CountedRow> found = store->rows(want.policy_domain, report_day);
        EXPECT_EQ(found.problem, "");
        ASSERT_EQ(found.items.size(), 1u);
        EXPECT_EQ(found.items[0].count, 1u);
        expect_same(found.items[0].row, want);
    }
}

TEST_F(SqliteStoreTest, CountsEqualRowsOfADayTogether) {
    const auto store = open();
    Row other_reason = report_row();
    other_reason.reason = aggregate::OverrideReason{"other", ""};
    for (int i = 0; i < 3; ++i) {
        store->append(report_row(std::chrono::hours(20 - i)));
        store->append(other_reason);
    }
    store->append(report_row(-1s));       // the day before
    store->append(report_row(24h - 1s));  // RFC 9990 §3.1.1.4: the last second of this UTC day
    store->append(report_row(24h));       // the day after
    ASSERT_TRUE(store->flush());
    const auto rows = store->rows(domain_name("example.org"), report_day).items;
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(messages(*store), 7u);
    for (const CountedRow& row : rows)
        if (!row.row.reason) {
            EXPECT_EQ(row.count, 4u);
            EXPECT_EQ(row.row.received, report_day + (24h - 1s)) << "the latest";
        }
    EXPECT_EQ(store->days(std::nullopt).items.size(), 3u);
    EXPECT_EQ(store->days(report_day).items.size(), 1u);
    EXPECT_EQ(store->days(report_day).items[0].messages, 7u);
    EXPECT_EQ(store->days(std::nullopt).items[0].day,
              std::chrono::year_month_day(report_day + std::chrono::days(1)));
    const Activity activity = store->activity();
    EXPECT_EQ(activity.appended, 9u);
    EXPECT_EQ(activity.written, 9u);
    EXPECT_EQ(activity.waiting(), 0u);
}

TEST_F(SqliteStoreTest, CountsOnFromWhatIsThere) {
    const auto store = open();
    std::uint64_t count = 0;
    for (const std::size_t batch : {2U, 3U, 1U}) {
        for (std::size_t i = 0; i < batch; ++i)
            store->append(report_row(std::chrono::hours(1)));
        ASSERT_TRUE(store->flush());
        const auto rows = store->rows(domain_name("example.org"), report_day).items;
        ASSERT_EQ(rows.size(), 1u);
        EXPECT_EQ(rows[0].count, count += batch);
    }
}

TEST_F(SqliteStoreTest, WritesByItselfAndAtItsEnd) {
    {
        StoreOptions options;
        options.batch_interval = 10ms;
        const auto store = open(options);
        store->append(report_row());
        for (int i = 0; i < 500 && store->activity().written == 0; ++i)
            std::this_thread::sleep_for(10ms);
        EXPECT_EQ(store->activity().written, 1u);
    }
    {
        StoreOptions options;
        options.batch_interval = 1h;
        const auto store = open(options);
        for (int i = 0; i < 2500; ++i)
            store->append(report_row());
    }
    EXPECT_EQ(messages(*open()), 2501u);
}

TEST_F(SqliteStoreTest, CanBeReadWhileAServerWrites) {
    const auto store = open();
    store->append(report_row());
    ASSERT_TRUE(store->flush());
    const Opened<Reader> opened = open_reader(file);
    ASSERT_EQ(opened.problem, "");
    EXPECT_EQ(messages(*opened.store), 1u);
    store->append(report_row());
    ASSERT_TRUE(store->flush());
    EXPECT_EQ(messages(*opened.store), 2u);
    EXPECT_EQ(messages(*opened.store, "example.net"), 0u);
}

TEST_F(SqliteStoreTest, KeepsRowsWhileAnotherProcessHoldsTheDatabase) {
    StoreOptions options;
    options.lock_timeout = 10ms;
    options.retry_interval = 1h;  // only flush() makes it try again
    options.backlog_rows = 5;
    const auto store = open(options);
    SQLite::Database other(file.string(), SQLite::OPEN_READWRITE);
    {
        SQLite::Transaction lock(other, SQLite::TransactionBehavior::IMMEDIATE);
        for (int i = 0; i < 7; ++i)
            store->append(report_row());
        EXPECT_FALSE(store->flush());
        EXPECT_NE(store->problem().find("database is locked; 5 rows wait in memory, 2 were dropped"),
                  std::string::npos)
            << store->problem();
        EXPECT_FALSE(store->flush()) << "still held";
        EXPECT_EQ(store->activity().waiting(), 5u);
    }
    EXPECT_TRUE(store->flush());
    EXPECT_EQ(store->problem(), "");
    EXPECT_EQ(messages(*store), 5u);
    EXPECT_EQ(store->activity().dropped, 2u);
}

// A limit on file sizes stands for the full disk: writing fails half way through a batch.
TEST_F(SqliteStoreTest, LosesNothingWhenTheDiskIsFull) {
    const auto store = open();
    for (int i = 0; i < 10; ++i)
        store->append(distinct_row(i));
    ASSERT_TRUE(store->flush());

    std::optional<tests::FileSizeLimit> limit(std::in_place, 64 * 1024);
    for (int i = 0; i < 3000; ++i) {
        Row row = distinct_row(i);
        row.policy.text += " ";  // is written in the batch that fails
        store->append(row);
    }
    const bool flushed = store->flush();
    const std::string problem = store->problem();
    const Activity activity = store->activity();
    limit.reset();

    EXPECT_FALSE(flushed);
    EXPECT_NE(problem.find("cannot write"), std::string::npos);
    EXPECT_GT(activity.waiting(), 0u);
    EXPECT_TRUE(store->flush()) << store->problem();
    EXPECT_EQ(store->problem(), "");
    EXPECT_EQ(messages(*store), 3010u) << "each once";
    EXPECT_EQ(store->rows(domain_name("example.org"), report_day).items.size(), 3010u)
        << "each with its policy";
}

TEST_F(SqliteStoreTest, BoundsTheBacklogByItsSize) {
    StoreOptions options;
    options.batch_interval = 1h;
    options.backlog_octets = 100'000;
    const auto store = open(options);
    Row row = report_row();
    row.policy.text.assign(30'000, 'x');
    for (int i = 0; i < 10; ++i)
        store->append(row);
    EXPECT_EQ(store->activity().appended, 3u);
    EXPECT_EQ(store->activity().dropped, 7u);
    EXPECT_TRUE(store->flush());
    store->append(row);
    EXPECT_EQ(store->activity().appended, 4u) << "what was written makes room";
}

TEST_F(SqliteStoreTest, SaysWhyItCannotOpen) {
    const auto expect_problem = [](const std::filesystem::path& path, const char* part) {
        const Opened<Store> opened = open_store(path);
        EXPECT_EQ(opened.store, nullptr);
        EXPECT_NE(opened.problem.find(part), std::string::npos) << opened.problem;
    };
    expect_problem(folder.path() / "missing" / "state.sqlite3", "does not exist");
    const std::filesystem::path garbage = folder.path() / "garbage";
    std::ofstream(garbage) << std::string(10'000, 'g');
    expect_problem(garbage, "not a database");
    const std::filesystem::path foreign = folder.path() / "foreign";
    SQLite::Database(foreign.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("CREATE TABLE t (x)");
    expect_problem(foreign, "another program");
    expect_problem(folder.path(), "cannot open");

    EXPECT_NE(open_reader(file).problem.find("no state database"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(file)) << "a reader creates nothing";
    open();
    SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
    expect_problem(file, "newer version of this program (schema 99");
    EXPECT_NE(open_reader(file).problem.find("newer version"), std::string::npos);
}

TEST_F(SqliteStoreTest, SaysWhyItCannotRead) {
    const auto store = open();
    store->append(report_row());
    ASSERT_TRUE(store->flush());
    SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec("UPDATE report_row SET dkim = '9:x'");
    const Found<CountedRow> found = store->rows(domain_name("example.org"), report_day);
    EXPECT_TRUE(found.items.empty());
    EXPECT_NE(found.problem.find("damaged"), std::string::npos) << found.problem;
}

}  // namespace
}  // namespace gatepost::reports::store
