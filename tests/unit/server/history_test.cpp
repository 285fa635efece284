#include "server/history.hpp"

#include <gtest/gtest.h>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;

TEST(History, keeps_whole_days_and_spares_those_whose_report_is_to_come) {
    const std::chrono::sys_days today = 2026y / 11 / 30;
    config::History history;
    reports::store::Retention retention = retention_on(today, history);
    EXPECT_EQ(retention.oldest, 2025y / 10 / 26);
    EXPECT_EQ(retention.spared, 2026y / 11 / 29);
    EXPECT_EQ(retention.octets, 10ULL << 30U);
    history.keep = 49h;
    EXPECT_EQ(retention_on(today, history).oldest, 2026y / 11 / 28);
}

}  // namespace
}  // namespace gatepost::server
