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

}  // namespace
}  // namespace gatepost::server
