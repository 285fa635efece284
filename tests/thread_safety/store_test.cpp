#include "reports/store/store.hpp"

#include "tests/support/report_row.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace gatepost::reports::store {
namespace {

using tests::domain_name;
using tests::report_day;
using tests::report_row;

TEST(StoreThreads, EveryRowIsCountedOnce) {
    constexpr int threads = 4;
    constexpr int rows_each = 1500;
    const tests::TemporaryFolder folder;
    StoreOptions options;
    options.batch_interval = std::chrono::milliseconds(5);
    options.batch_rows = 100;
    Opened<Store> opened = open_store(database_path(folder.path()), options);
    ASSERT_TRUE(opened.store) << opened.problem;
    Store& store = *opened.store;

    std::atomic<int> failed_flushes{0};
    std::vector<std::thread> appenders;
    for (int t = 0; t < threads; ++t)
        appenders.emplace_back([&store, &failed_flushes, t] {
            for (int i = 0; i < rows_each; ++i) {
                aggregate::Row row = report_row();
                row.envelope_from = std::to_string((t * rows_each + i) % 50) + ".example";
                store.append(std::move(row));
                if (i % 500 == 0 && !store.flush()) ++failed_flushes;
            }
        });
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(store.problem(), "");
        EXPECT_GE(store.activity().appended, store.activity().written);
        EXPECT_EQ(store.days(report_day).problem, "");
    }
    for (std::thread& thread : appenders)
        thread.join();
    ASSERT_TRUE(store.flush()) << store.problem();
    EXPECT_EQ(failed_flushes, 0);

    const auto rows = store.rows(domain_name("example.org"), report_day).items;
    EXPECT_EQ(rows.size(), 50u);
    std::uint64_t sum = 0;
    for (const CountedRow& row : rows)
        sum += row.count;
    EXPECT_EQ(sum, static_cast<std::uint64_t>(threads * rows_each));
    EXPECT_EQ(store.activity().written, sum);
}

}  // namespace
}  // namespace gatepost::reports::store
