#include "server/connection_limits.hpp"

#include <gtest/gtest.h>

namespace gatepost::server {
namespace {

using Verdict = ConnectionLimits::Verdict;

dns::IpAddress address(std::string_view text) {
    return dns::IpAddress::parse(text).value();
}

TEST(ConnectionLimits, counts_an_ipv6_64_as_one_client) {
    ConnectionLimits limits;
    const ConnectionLimits::Bounds bounds{10, 2};
    EXPECT_EQ(limits.enter(address("2001:db8::1"), bounds), Verdict::admitted);
    EXPECT_EQ(limits.enter(address("2001:db8::2"), bounds), Verdict::admitted);
    EXPECT_EQ(limits.enter(address("2001:db8::3"), bounds), Verdict::too_many_of_client);
    EXPECT_EQ(limits.enter(address("2001:db8:0:1::1"), bounds), Verdict::admitted);
    limits.leave(address("2001:db8::2"));
    EXPECT_EQ(limits.enter(address("2001:db8::3"), bounds), Verdict::admitted);
    EXPECT_EQ(limits.open(), 3U);
}

TEST(ConnectionLimits, moves_a_connection_from_the_proxy_to_its_client) {
    ConnectionLimits limits;
    const auto proxy = address("10.1.0.1"), client = address("192.0.2.1");
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(limits.enter(proxy, {10, 10}), Verdict::admitted);
    EXPECT_EQ(limits.move(proxy, client, {10, 2}), Verdict::admitted);
    EXPECT_EQ(limits.move(proxy, client, {10, 2}), Verdict::admitted);
    EXPECT_EQ(limits.move(proxy, client, {10, 2}), Verdict::too_many_of_client) << "and it stays the proxy's";
    EXPECT_EQ(limits.move(client, client, {10, 2}), Verdict::admitted) << "nothing changes";
    EXPECT_EQ(limits.open(), 3U);
    limits.leave(proxy);
    limits.leave(client);
    limits.leave(client);
    EXPECT_EQ(limits.open(), 0U);
}

TEST(ConnectionLimits, bounds_a_network) {
    const struct {
        const char* first;
        const char* second;
        Verdict verdict;
    } cases[] = {
        {"192.0.2.1", "192.0.2.200", Verdict::too_many_of_network},
        {"192.0.2.1", "192.0.3.1", Verdict::admitted},
        {"2001:db8:1:1::1", "2001:db8:1:ff::1", Verdict::too_many_of_network},
        {"2001:db8:1:1::1", "2001:db8:2:1::1", Verdict::admitted},
    };
    for (const auto& entry : cases) {
        ConnectionLimits limits;
        const ConnectionLimits::Bounds bounds{10, 10, 1};
        EXPECT_EQ(limits.enter(address(entry.first), bounds), Verdict::admitted);
        EXPECT_EQ(limits.enter(address(entry.second), bounds), entry.verdict) << entry.second;
        limits.leave(address(entry.first));
        EXPECT_EQ(limits.enter(address(entry.first), bounds), Verdict::admitted);
    }
}

TEST(ConnectionLimits, bounds_all_clients_together) {
    ConnectionLimits limits;
    const ConnectionLimits::Bounds bounds{2, 2};
    EXPECT_EQ(limits.enter(address("192.0.2.1"), bounds), Verdict::admitted);
    EXPECT_EQ(limits.enter(address("192.0.2.2"), bounds), Verdict::admitted);
    EXPECT_EQ(limits.enter(address("192.0.2.3"), bounds), Verdict::too_many);
    limits.leave(address("192.0.2.1"));
    limits.leave(address("192.0.2.1"));  // one too many takes nothing from others
    EXPECT_EQ(limits.open(), 1U);
    EXPECT_EQ(limits.enter(address("192.0.2.3"), bounds), Verdict::admitted);
    EXPECT_EQ(limits.enter(address("192.0.2.4"), ConnectionLimits::Bounds{9, 0}),
              Verdict::too_many_of_client);
}

// PRODUCT.md, connections_per_network: auto.
TEST(ConnectionLimits, leaves_a_network_a_quarter_when_connections_are_scarce) {
    ConnectionLimits limits;
    ConnectionLimits::Bounds bounds{100, 1000};
    bounds.per_network = std::nullopt;
    // One IPv6 /48 of many clients takes what nobody else wants, and no more.
    std::size_t taken = 0;
    for (int i = 0; i < 200; ++i)
        if (limits.enter(address("2001:db8:1:" + std::to_string(i) + "::1"), bounds) == Verdict::admitted)
            ++taken;
    EXPECT_EQ(taken, 75U);
    EXPECT_EQ(limits.enter(address("2001:db8:1:999::1"), bounds), Verdict::too_many_of_network);
    taken = 0;
    for (int i = 0; i < 200; ++i)
        if (limits.enter(address("2001:db9:2:" + std::to_string(i) + "::1"), bounds) == Verdict::admitted)
            ++taken;
    EXPECT_EQ(taken, 25U) << "the others have the rest";
    const ConnectionCounts counts = limits.counts();
    EXPECT_EQ(counts.open, 100U);
    EXPECT_EQ(counts.bound, 100U);
    EXPECT_EQ(counts.largest_client, 1U);
    EXPECT_EQ(counts.largest_network, 75U);
    EXPECT_EQ(counts.verdicts, (std::array<std::uint64_t, 4>{100, 175, 0, 126}));
}

// Who has an IPv6 /32 has 65,536 networks, and one connection of each is enough.
TEST(ConnectionLimits, leaves_a_provider_half_when_connections_are_scarce) {
    const struct {
        const char* prefix;
        const char* rest;
        const char* other;
    } cases[] = {{"2001:db8:", "::1", "2001:db9::1"}, {"192.0.", ".1", "192.1.0.1"}};
    for (const auto& entry : cases) {
        ConnectionLimits limits;
        ConnectionLimits::Bounds bounds{100, 1000};
        bounds.per_network = std::nullopt;
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(limits.enter(address(entry.prefix + std::to_string(i) + entry.rest), bounds),
                      i < 75 ? Verdict::admitted : Verdict::too_many_of_network);
        for (int i = 0; i < 25; ++i)
            EXPECT_EQ(limits.enter(address(entry.other), bounds), Verdict::admitted);
        for (int i = 0; i < 75; ++i)
            limits.leave(address(entry.prefix + std::to_string(i) + entry.rest));
        EXPECT_EQ(limits.enter(address(entry.prefix + std::string("7") + entry.rest), bounds),
                  Verdict::admitted);
    }
}

TEST(ConnectionLimits, hinders_no_large_network_while_there_is_room) {
    ConnectionLimits limits;
    ConnectionLimits::Bounds bounds{10'000, 50};
    bounds.per_network = std::nullopt;
    bounds.has_reserve = true;
    for (int i = 0; i < 500; ++i)
        ASSERT_EQ(limits.enter(address("192.0.2." + std::to_string(i % 10)), bounds), Verdict::admitted);
    for (int i = 0; i < 7000; ++i)
        ASSERT_EQ(
            limits.enter(address("10." + std::to_string(i / 250) + '.' + std::to_string(i % 250) + ".1"),
                         bounds),
            Verdict::admitted);
    // Beyond 75 % as well, within its quarter.
    for (int i = 0; i < 1500; ++i)
        ASSERT_EQ(limits.enter(address("192.0.2." + std::to_string(10 + i % 50)), bounds), Verdict::admitted)
            << i;
    EXPECT_EQ(limits.open(), 9000U);
}

TEST(ConnectionLimits, knows_the_shares_of_what_the_process_can_hold) {
    ConnectionLimits limits;
    limits.bound_by_descriptors(8);
    ConnectionLimits::Bounds bounds{10'000, 1000};
    bounds.per_network = std::nullopt;
    bounds.has_reserve = true;
    for (int i = 0; i < 6; ++i)
        EXPECT_EQ(limits.enter(address("192.0.2.1"), bounds), Verdict::admitted);
    EXPECT_EQ(limits.enter(address("192.0.2.1"), bounds), Verdict::too_many_of_network) << "six of eight";
    EXPECT_EQ(limits.enter(address("198.51.100.1"), bounds), Verdict::admitted);
    EXPECT_EQ(limits.enter(address("198.51.100.2"), bounds), Verdict::too_many) << "the last one is reserved";
    bounds.is_preferred = true;
    EXPECT_EQ(limits.enter(address("192.0.2.1"), bounds), Verdict::admitted);
    EXPECT_EQ(limits.enter(address("192.0.2.1"), bounds), Verdict::too_many);
    EXPECT_EQ(limits.counts().bound, 8U);
}

}  // namespace
}  // namespace gatepost::server
