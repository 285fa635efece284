#include "server/log_bound.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;
using TimePoint = LogBound::TimePoint;
using Admitted = std::optional<std::uint64_t>;

constexpr TimePoint start{1000h};

dns::IpAddress address(std::string_view text) {
    return dns::IpAddress::parse(text).value();
}

// Each in a network of its own.
dns::IpAddress neighbourless(std::size_t i) {
    return address(std::to_string(1 + i / 65536) + '.' + std::to_string(i / 256 % 256) + '.' +
                   std::to_string(i % 256) + ".1");
}

TEST(LogBound, names_a_client_once_a_minute_and_counts_the_rest) {
    LogBound bound;
    const auto client = address("192.0.2.1");
    EXPECT_EQ(bound.admit("refused", client, 1, start), Admitted(0));
    for (int i = 0; i < 20'000; ++i)
        ASSERT_EQ(bound.admit("refused", client, 1, start + 100ms), std::nullopt);
    EXPECT_EQ(bound.admit("refused", client, 1, start + 61s), Admitted(20'000));
    EXPECT_EQ(bound.admit("refused", client, 1, start + 62s), std::nullopt);
    EXPECT_EQ(bound.left_out(), 20'001U);
}

TEST(LogBound, keeps_clients_and_events_apart) {
    LogBound bound;
    for (const char* client : {"192.0.2.1", "192.0.2.2", "2001:db8::1"})
        for (const char* event : {"refused", "tls_failed"}) {
            EXPECT_EQ(bound.admit(event, address(client), 2, start), Admitted(0)) << client << event;
            EXPECT_EQ(bound.admit(event, address(client), 2, start), Admitted(0)) << client << event;
            EXPECT_EQ(bound.admit(event, address(client), 2, start), std::nullopt) << client << event;
        }
}

TEST(LogBound, takes_an_ipv6_64_for_one_client) {
    LogBound bound;
    EXPECT_EQ(bound.admit("refused", address("2001:db8::1"), 1, start), Admitted(0));
    EXPECT_EQ(bound.admit("refused", address("2001:db8::2"), 1, start), std::nullopt);
    EXPECT_EQ(bound.admit("refused", address("2001:db8:0:1::1"), 1, start), Admitted(0));
}

TEST(LogBound, is_bounded_whatever_number_of_clients) {
    LogBound bound;
    std::size_t written = 0;
    for (std::size_t i = 0; i < 100'000; ++i)
        if (bound.admit("refused", neighbourless(i), 3, start)) ++written;
    EXPECT_EQ(written, LogBound::most_clients + 3) << "the others share the lines of one";
    EXPECT_EQ(bound.size(), LogBound::most_clients);
    const auto ended = bound.take_ended(start + 71s);
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].client, std::nullopt);
    EXPECT_EQ(ended[0].lines, 100'000 - written);
    EXPECT_EQ(bound.size(), 0U) << "and there is room for others";
}

TEST(LogBound, lets_no_network_hide_others) {
    LogBound bound;
    for (std::size_t i = 0; i < 10'000; ++i)
        bound.admit("refused", address("2001:db8:0:" + std::to_string(i) + "::1"), 1, start);
    EXPECT_LT(bound.size(), LogBound::most_clients / 2);
    for (std::size_t i = 0; i < 100; ++i)
        EXPECT_EQ(bound.admit("refused", neighbourless(i), 1, start), Admitted(0)) << i;
    bound.take_ended(start + 71s);
    EXPECT_EQ(bound.admit("refused", address("2001:db8::1"), 1, start + 71s), Admitted(0))
        << "it has its share anew";
}

TEST(LogBound, tells_of_clients_that_have_stopped) {
    LogBound bound;
    const auto loud = address("192.0.2.1"), quiet = address("192.0.2.2");
    for (int i = 0; i < 5; ++i)
        bound.admit("refused", loud, 1, start);
    bound.admit("refused", quiet, 1, start);
    EXPECT_TRUE(bound.take_ended(start + 65s).empty()) << "its next line would tell";
    EXPECT_EQ(bound.size(), 1U) << "of the quiet one there is nothing to tell";
    const auto ended = bound.take_ended(start + 70s);
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].event, "refused");
    EXPECT_EQ(ended[0].client, loud);
    EXPECT_EQ(ended[0].lines, 4U);
    EXPECT_TRUE(bound.take_ended(start + 200s).empty());
    EXPECT_EQ(bound.admit("refused", loud, 1, start + 200s), Admitted(0));
}

}  // namespace
}  // namespace gatepost::server
