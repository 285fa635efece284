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

TEST(PruningDay, follows_a_clock_that_jumps_by_a_day_an_hour) {
    const std::chrono::sys_days today = 2026y / 11 / 30;
    PruningDay::TimePoint now{1000h};
    PruningDay day{std::nullopt};
    EXPECT_EQ(day.on(today, now), today) << "nothing else is known";
    EXPECT_EQ(day.on(today + std::chrono::days(1), now + 1h), today + std::chrono::days(1)) << "midnight";
    EXPECT_EQ(day.on(today + std::chrono::days(2), now + 25h), today + std::chrono::days(2));
    now += 26h;
    const std::chrono::sys_days jumped = 2036y / 1 / 1;
    for (int minute = 0; minute < 24 * 60; ++minute)
        ASSERT_LE(day.on(jumped, now + minute * 1min),
                  today + std::chrono::days(2) + std::chrono::days(1 + minute / 60));
    EXPECT_EQ(day.on(jumped, now + 24h), today + std::chrono::days(27)) << "but it follows";
    EXPECT_EQ(day.on(today + std::chrono::days(3), now + 25h), today + std::chrono::days(3))
        << "the clock was set back: it is believed at once";
}

TEST(PruningDay, believes_no_jump_that_was_made_while_the_server_was_down) {
    const std::chrono::sys_days last = 2026y / 11 / 30;
    PruningDay day{last};
    EXPECT_EQ(day.on(last, PruningDay::TimePoint{}), last);
    EXPECT_EQ(day.on(last + std::chrono::days(14), PruningDay::TimePoint{1min}), last + std::chrono::days(1));
    EXPECT_EQ(day.on(last + std::chrono::days(14), PruningDay::TimePoint{1h}), last + std::chrono::days(1));
    EXPECT_EQ(day.on(last + std::chrono::days(14), PruningDay::TimePoint{1h + 1min}),
              last + std::chrono::days(2));
}

}  // namespace
}  // namespace gatepost::server
