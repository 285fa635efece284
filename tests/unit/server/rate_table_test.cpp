#include "server/rate_table.hpp"

#include "server/client_rates.hpp"
#include "server/data_pace.hpp"

#include <gtest/gtest.h>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;
using TimePoint = RateTable::TimePoint;

dns::IpAddress address(std::string_view text) {
    return dns::IpAddress::parse(text).value();
}

const TimePoint begin = TimePoint() + 1h;
const RateTable::Limit ten_a_minute{10, 60s};

std::size_t taken(RateTable& table, const RateTable::Key& key, std::size_t tries, TimePoint now) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < tries; ++i)
        count += table.take(key, ten_a_minute, now) ? 1 : 0;
    return count;
}

TEST(RateTable, counts_a_window_that_slides) {
    RateTable table;
    const RateTable::Key key{1, address("192.0.2.1")};
    EXPECT_FALSE(table.is_spent(key, ten_a_minute, begin));
    EXPECT_EQ(taken(table, key, 20, begin), 10U);
    EXPECT_TRUE(table.is_spent(key, ten_a_minute, begin + 59s));
    EXPECT_EQ(taken(table, key, 20, begin + 59s), 0U);
    // Half a minute into the next window, half of the last one still counts.
    EXPECT_EQ(taken(table, key, 20, begin + 90s), 5U);
    EXPECT_EQ(taken(table, key, 20, begin + 100s), 1U);
    // A long silence forgets all.
    EXPECT_EQ(taken(table, key, 20, begin + 10min), 10U);
}

TEST(RateTable, keeps_keys_apart) {
    RateTable table;
    EXPECT_EQ(taken(table, {1, address("192.0.2.1")}, 20, begin), 10U);
    EXPECT_EQ(taken(table, {2, address("192.0.2.1")}, 20, begin), 10U);
    EXPECT_EQ(taken(table, {1, address("192.0.2.2")}, 20, begin), 10U);
    // 1.2.3.4 and the IPv6 address with the same first octets are two.
    EXPECT_EQ(taken(table, {1, address("1.2.3.4")}, 20, begin), 10U);
    EXPECT_EQ(taken(table, {1, address("102:304::")}, 20, begin), 10U);
}

TEST(RateTable, is_bounded_and_forgets_those_touched_least_recently) {
    RateTable table({1, 2}, 1000);
    const RateTable::Key steady{1, address("192.0.2.1")};
    EXPECT_EQ(taken(table, steady, 10, begin), 10U);
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        const auto octets =
            std::array<std::uint8_t, 4>{10, static_cast<std::uint8_t>(i >> 16),
                                        static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
        table.take({1, dns::IpAddress::v4(octets)}, ten_a_minute, begin);
        if (i % 16 == 0) table.take(steady, ten_a_minute, begin);
    }
    EXPECT_LE(table.size(), 1000U);
    EXPECT_TRUE(table.is_spent(steady, ten_a_minute, begin));
    EXPECT_FALSE(table.is_spent({1, address("10.0.0.1")}, ten_a_minute, begin)) << "long forgotten";
}

TEST(ClientRates, name_the_limit_that_was_reached) {
    ClientRates rates;
    config::Limits limits;
    limits.client_rates = {60s, 0, 2, 0, 1};
    limits.network_rates = {60s, 0, 3, 0, 0};
    using Rate = ClientRates::Rate;
    const auto take = [&](Rate rate, const char* client) {
        return rates.take(rate, address(client), limits, begin);
    };
    EXPECT_EQ(take(Rate::messages, "2001:db8::1"), "");
    EXPECT_EQ(rates.spent(Rate::messages, address("2001:db8::2"), limits, begin), "");
    EXPECT_EQ(take(Rate::messages, "2001:db8::2"), "");
    EXPECT_EQ(rates.spent(Rate::messages, address("2001:db8::3"), limits, begin),
              "limits.client_rates.messages");
    EXPECT_EQ(take(Rate::messages, "2001:db8::3"), "limits.client_rates.messages") << "the /64 is one client";
    EXPECT_EQ(take(Rate::messages, "2001:db8:0:1::1"), "");
    EXPECT_EQ(take(Rate::messages, "2001:db8:0:2::1"), "limits.network_rates.messages")
        << "and the /48 one network";
    EXPECT_EQ(take(Rate::errors, "2001:db8::1"), "");
    EXPECT_EQ(take(Rate::errors, "2001:db8::1"), "limits.client_rates.errors");
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(take(Rate::connections, "2001:db8::1"), "") << "0 is no limit";
}

TEST(ClientRates, count_each_rule_by_itself) {
    ClientRates rates;
    policy::RateLimit one;
    one.id = "one";
    one.messages = 1;
    policy::RateLimit two = one;
    two.id = "two";
    const auto client = address("192.0.2.1");
    EXPECT_TRUE(rates.take(one, client, begin));
    EXPECT_TRUE(rates.is_spent(one, client, begin));
    EXPECT_FALSE(rates.is_spent(two, client, begin));
    EXPECT_FALSE(rates.take(one, client, begin));
    EXPECT_TRUE(rates.take(two, client, begin));
    EXPECT_TRUE(rates.take(one, address("192.0.2.2"), begin));
}

// RFC 5321 §4.5.3.2.5, §4.5.3.2.6 and the bound on the whole.
TEST(DataPace, bounds_silence_and_the_whole) {
    DataPace pace(600s, begin);
    pace.end_header();
    EXPECT_EQ(pace.time_left(begin), 600s);
    EXPECT_EQ(pace.time_left(begin + 599s), 1s);
    // One octet at a time earns nothing.
    for (int i = 0; i < 500; ++i)
        pace.received(1);
    EXPECT_EQ(pace.time_left(begin + 600s), 0s);
    // Each KiB earns a second; no silence is longer than the one allowed.
    pace.received(100 * 1024);
    EXPECT_EQ(pace.time_left(begin + 600s), 100s);
    pace.received(10'000 * 1024);
    EXPECT_EQ(pace.time_left(begin + 600s), 600s);
    EXPECT_EQ(pace.time_left(begin + 20'000s), 0s);
}

// The header is held in memory: three minutes, and a second for each 4 KiB.
TEST(DataPace, bounds_the_header_more) {
    DataPace pace(600s, begin);
    EXPECT_EQ(pace.time_left(begin), 180s);
    pace.received(40 * 1024);
    EXPECT_EQ(pace.time_left(begin + 180s), 10s);
    pace.end_header();
    EXPECT_EQ(pace.time_left(begin + 180s), 460s);
    // A shorter silence that the operator has chosen stays in force.
    EXPECT_EQ(DataPace(30s, begin).time_left(begin), 30s);
}

}  // namespace
}  // namespace gatepost::server
