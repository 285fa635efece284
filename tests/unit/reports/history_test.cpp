// What the state database keeps, and that strangers' records do not make it grow beyond what they sent.
#include "tests/support/report_row.hpp"
#include "tests/support/temporary_folder.hpp"

#include "reports/store/store.hpp"

#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

namespace gatepost::reports::store {
namespace {

using aggregate::Row;
using tests::domain_name;
using tests::report_day;
using tests::report_row;
using namespace std::chrono_literals;

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

class HistoryTest : public testing::Test {
  protected:
    std::unique_ptr<Store> open() {
        Opened<Store> opened = open_store(file_);
        EXPECT_EQ(opened.problem, "");
        return std::move(opened.store);
    }
    // Rows of a day that differ, of about 300 octets each, and of as many networks.
    static void fill(Store& store, std::chrono::sys_days day, int rows) {
        for (int i = 0; i < rows; ++i) {
            Row row = report_row();
            row.received = day + 1h;
            row.source_ip =
                dns::IpAddress::parse("10." + std::to_string(i / 256) + '.' + std::to_string(i % 256) + ".1")
                    .value();
            row.envelope_from = std::to_string(i) + std::string(200, 'x') + ".example";
            store.append(row);
        }
        ASSERT_TRUE(store.flush());
    }
    static std::size_t rows_of(Store& store, std::chrono::sys_days day) {
        return store.rows(domain_name("example.org"), day).items.size();
    }
    std::int64_t number(const char* query) const {
        return SQLite::Database(file_.string(), SQLite::OPEN_READONLY).execAndGet(query).getInt64();
    }
    static bool comes(const std::function<bool()>& condition) {
        for (int i = 0; i < 1000 && !condition(); ++i)
            std::this_thread::sleep_for(10ms);
        return condition();
    }

    tests::TemporaryFolder folder_;
    const std::filesystem::path file_ = database_path(folder_.path());
    const std::chrono::sys_days second_day_ = report_day + std::chrono::days(1);
    const std::chrono::sys_days third_day_ = report_day + std::chrono::days(2);
};

TEST_F(HistoryTest, KeepsAPolicyOnceHoweverManyRowsReferToIt) {
    const auto store = open();
    Row row = report_row();
    row.policy.text = "v=DMARC1; p=reject; x=" + std::string(8'000, 'x');
    for (int i = 0; i < 100; ++i) {
        row.source_ip = dns::IpAddress::parse("192.0.2." + std::to_string(i)).value();
        store->append(row);
    }
    row.policy.testing = true;
    store->append(row);
    row.policy.text += '.';
    store->append(row);
    ASSERT_TRUE(store->flush());
    EXPECT_EQ(number("SELECT count(*) FROM policy"), 3);
    EXPECT_LT(number("PRAGMA page_count") * number("PRAGMA page_size"), 3 * 8'000 + 120'000);
    EXPECT_EQ(rows_of(*store, report_day), 102U);
}

// As version 1 wrote it: a row that is alike joins the one that is there.
TEST_F(HistoryTest, BringsAnOlderDatabaseUpToDate) {
    {
        SQLite::Database old(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        old.exec(R"sql(
CREATE TABLE policy (id INTEGER PRIMARY KEY, discovery TEXT NOT NULL, record TEXT NOT NULL, p TEXT NOT NULL,
    sp TEXT NOT NULL, np TEXT NOT NULL, adkim TEXT NOT NULL, aspf TEXT NOT NULL, testing INTEGER NOT NULL,
    psd TEXT NOT NULL, fo TEXT NOT NULL, rua TEXT NOT NULL, ruf TEXT NOT NULL,
    UNIQUE (record, discovery, p, sp, np, adkim, aspf, testing, psd, fo, rua, ruf)) STRICT;
CREATE TABLE report_row (day INTEGER NOT NULL, policy_domain TEXT NOT NULL, source_ip TEXT NOT NULL,
    header_from TEXT NOT NULL, envelope_from TEXT NOT NULL, envelope_to TEXT NOT NULL,
    policy INTEGER NOT NULL REFERENCES policy (id), disposition TEXT NOT NULL, dkim_aligned INTEGER NOT NULL,
    spf_aligned INTEGER NOT NULL, reason_type TEXT NOT NULL, reason_comment TEXT NOT NULL, dkim TEXT NOT NULL,
    spf_domain TEXT NOT NULL, spf_result TEXT NOT NULL, spf_human_result TEXT NOT NULL,
    latest INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (day, policy_domain, source_ip, header_from, envelope_from, envelope_to, policy, disposition,
        dkim_aligned, spf_aligned, reason_type, reason_comment, dkim, spf_domain, spf_result,
        spf_human_result)) STRICT, WITHOUT ROWID;
INSERT INTO policy VALUES (7, 'treewalk', 'v=DMARC1; p=reject', 'reject', '', '', 'r', 'r', 0, '', '0',
    '', ''), (8, 'psl', 'v=DMARC1; p=none', 'none', 'none', '', 's', 'r', 1, 'y', '0', 'mailto:a@b', '');
INSERT INTO report_row SELECT 20781, 'example.org', '192.0.2.1', 'example.org', 'bounces.example.org',
    '11:example.com,', id, 'pass', 1, 0, '', '', '11:example.org,2:s1,4:pass,0:,', 'bounces.example.org',
    'softfail', '~all', 1795521600000000, 4 FROM policy;
PRAGMA application_id = 0x47505354;
PRAGMA user_version = 1;
)sql");
    }
    const auto store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(store->pruning_day(), std::chrono::year_month_day(report_day)) << "that of the newest row";
    Row row = report_row();
    row.policy.fo = "0";
    store->append(row);
    ASSERT_TRUE(store->flush());
    EXPECT_EQ(number("SELECT count(*) FROM policy"), 2);
    const auto rows = store->rows(domain_name("example.org"), report_day).items;
    ASSERT_EQ(rows.size(), 2U);
    for (const CountedRow& found : rows) {
        const bool is_first = found.row.discovery == auth::dmarc::Discovery::treewalk;
        EXPECT_EQ(found.count, is_first ? 5U : 4U);
        EXPECT_EQ(found.row.policy.text, is_first ? "v=DMARC1; p=reject" : "v=DMARC1; p=none");
        EXPECT_EQ(found.row.policy.testing, !is_first);
    }
}

TEST_F(HistoryTest, DeletesDaysThatAreTooOldWhileNewRowsCome) {
    const auto store = open();
    fill(*store, report_day, 3'000);
    fill(*store, second_day_, 50);
    Row of_its_own = report_row();
    of_its_own.policy.text = "v=DMARC1; p=none";
    store->append(of_its_own);
    ASSERT_TRUE(store->flush());
    EXPECT_EQ(number("SELECT count(*) FROM policy"), 2);

    store->keep({second_day_, no_limit, third_day_});
    for (int i = 0; i < 5; ++i)
        fill(*store, third_day_, 10 * (i + 1));
    EXPECT_TRUE(comes([&] { return store->activity().pruned >= 3'002; }));
    EXPECT_EQ(rows_of(*store, report_day), 0U);
    EXPECT_EQ(rows_of(*store, second_day_), 50U);
    EXPECT_EQ(rows_of(*store, third_day_), 50U);
    EXPECT_EQ(number("SELECT count(*) FROM policy"), 1) << "the one that rows refer to";
    EXPECT_FALSE(store->activity().is_full);
}

TEST_F(HistoryTest, RemembersTheDayThatItWentBy) {
    {
        const auto store = open();
        EXPECT_EQ(store->pruning_day(), std::nullopt);
        store->keep({report_day, no_limit, report_day, second_day_});
        fill(*store, third_day_, 1);
        fill(*store, third_day_, 1);
    }
    EXPECT_EQ(open()->pruning_day(), std::chrono::year_month_day(second_day_));
}

// As a clock does that ran ahead and was set back.
TEST_F(HistoryTest, WritesAPolicyAgainThatWasDeletedOnItsDay) {
    const auto store = open();
    fill(*store, report_day, 10);
    store->keep({second_day_, no_limit, second_day_});
    ASSERT_TRUE(comes([&] { return store->activity().pruned >= 11; }));
    EXPECT_EQ(number("SELECT count(*) FROM policy"), 0);
    store->keep({report_day, no_limit, report_day});
    fill(*store, report_day, 20);
    EXPECT_EQ(rows_of(*store, report_day), 20U);
}

TEST_F(HistoryTest, HoldsItsSizeByTheOldestDays) {
    const auto store = open();
    for (int i = 0; i < 4; ++i)
        fill(*store, report_day + std::chrono::days(i), 1'000);
    const auto file_octets = number("PRAGMA page_count") * number("PRAGMA page_size");
    const std::uint64_t bound = static_cast<std::uint64_t>(file_octets) * 6 / 10;
    store->keep({report_day, bound, report_day + std::chrono::days(3)});
    EXPECT_TRUE(comes([&] { return store->activity().octets > 0 && store->activity().octets <= bound; }));
    EXPECT_LT(rows_of(*store, report_day), 1'000U) << "the oldest first";
    EXPECT_EQ(rows_of(*store, report_day + std::chrono::days(3)), 1'000U);
    EXPECT_FALSE(store->activity().is_full);

    // The room of what is gone is used again.
    for (int i = 4; i < 8; ++i) {
        fill(*store, report_day + std::chrono::days(i), 1'000);
        store->keep({report_day, bound, report_day + std::chrono::days(i)});
        EXPECT_TRUE(comes([&] { return store->activity().octets <= bound; }));
    }
    EXPECT_LE(number("PRAGMA page_count") * number("PRAGMA page_size"), file_octets * 11 / 10);
    EXPECT_EQ(rows_of(*store, report_day + std::chrono::days(7)), 1'000U);
}

// One who sends from his network what makes long rows, and others beside him.
TEST_F(HistoryTest, GivesNoNetworkMoreThanItsShareOfTheLastDays) {
    const auto store = open();
    const std::uint64_t bound = 2'000'000;
    store->keep({report_day, bound, report_day});
    Row others = report_row();
    others.source_ip = dns::IpAddress::parse("198.51.100.1").value();
    for (int batch = 0; batch < 20; ++batch) {
        for (int i = 0; i < 200; ++i) {
            Row row = report_row();
            row.source_ip = dns::IpAddress::parse("192.0.2." + std::to_string(i % 100)).value();
            row.envelope_from = std::to_string(200 * batch + i) + std::string(2'000, 'x') + ".example";
            store->append(row);
        }
        others.envelope_from = std::to_string(batch) + ".example";
        store->append(others);
        ASSERT_TRUE(store->flush());
    }
    EXPECT_FALSE(store->activity().is_full);
    ASSERT_TRUE(store->activity().crowding.has_value());
    EXPECT_EQ(store->activity().crowding->text().substr(0, 8), "192.0.2.");
    EXPECT_GT(store->activity().dropped, 2'000U);
    EXPECT_EQ(store->activity().waiting(), 0U);
    const auto kept = number("SELECT count(*) FROM report_row WHERE source_ip = '198.51.100.1'");
    EXPECT_EQ(kept, 20);
    EXPECT_GT(rows_of(*store, report_day), 200U) << "up to half nobody is held";

    // On the next day it begins anew; what was counted before this start counts.
    const auto again = open();
    again->keep({report_day, bound, report_day});
    fill(*again, report_day, 1);
    again->append(report_row());
    fill(*again, report_day, 1);
    EXPECT_TRUE(again->activity().crowding.has_value());
    again->keep({report_day, bound, second_day_});
    fill(*again, second_day_, 1);
    again->append(report_row(36h));
    fill(*again, second_day_, 1);
    EXPECT_EQ(rows_of(*again, second_day_), 2U);
    EXPECT_FALSE(again->activity().crowding.has_value());
}

TEST_F(HistoryTest, CountsOnInRowsThatAreKeptWhereThereIsNoRoomForNewOnes) {
    const auto store = open();
    store->append(report_row());
    fill(*store, report_day, 1'000);
    store->keep({report_day, 100'000, report_day});
    ASSERT_TRUE(comes([&] { return store->activity().is_full; }));
    store->append(report_row());
    fill(*store, report_day, 1'100);
    EXPECT_EQ(store->activity().dropped, 100U);
    EXPECT_EQ(number("SELECT sum(count) FROM report_row"), 2'002);
    EXPECT_EQ(rows_of(*store, report_day), 1'001U);
}

// Reports of the last days are not sent yet: they are kept, and what comes is dropped and counted.
TEST_F(HistoryTest, DropsNewRowsWhereNothingMayGo) {
    const auto store = open();
    fill(*store, report_day, 1'000);
    store->keep({report_day, 100'000, report_day});
    ASSERT_TRUE(comes([&] { return store->activity().is_full; }));
    store->append(report_row());
    EXPECT_TRUE(store->flush());
    EXPECT_EQ(store->activity().dropped, 1U);
    EXPECT_EQ(rows_of(*store, report_day), 1'000U);
    EXPECT_EQ(store->problem(), "") << "it can be written";

    store->keep({report_day, no_limit, report_day});
    ASSERT_TRUE(comes([&] { return !store->activity().is_full; }));
    store->append(report_row());
    EXPECT_TRUE(store->flush());
    EXPECT_EQ(rows_of(*store, report_day), 1'001U);
}

}  // namespace
}  // namespace gatepost::reports::store
