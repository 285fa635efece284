// Who has a reserve among the connections (PRODUCT.md, limits).
#include "server/connection_bounds.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>

namespace gatepost::server {
namespace {

using Verdict = ConnectionLimits::Verdict;

dns::IpAddress address(std::string_view text) {
    return dns::IpAddress::parse(text).value();
}

dns::IpNetwork network(std::string_view text) {
    return dns::IpNetwork::parse(text).value();
}

config::Config configuration() {
    config::Config config;
    config.limits.connections = 160;
    config.policy.own_networks = {network("10.20.0.0/16")};
    config.trusted_proxies = {network("10.1.0.0/24")};
    config.xclient_hosts = {network("10.2.0.1")};
    policy::Exemption exemption;
    exemption.id = "monitoring";
    exemption.when.client_ip = {network("198.51.100.7")};
    exemption.when.author_domain = {*policy::DomainPattern::parse("example.com")};
    exemption.allow = {policy::Forgiven::dmarc};
    policy::Exemption expired = exemption;
    expired.when.client_ip = {network("198.51.100.8")};
    expired.expires = std::chrono::year(2020) / 1 / 1;
    config.policy.exemptions = {exemption, expired};
    return config;
}

TEST(ConnectionBounds, prefer_whom_the_operator_knows) {
    const struct {
        const char* client;
        bool is_hidden, is_preferred;
    } cases[] = {
        {"192.0.2.1", false, false},    {"10.20.3.4", false, true},
        {"10.20.3.4", true, false},  // a gateway's: anybody may come from there
        {"198.51.100.7", false, true},  {"198.51.100.7", true, false},
        {"198.51.100.8", false, false}, {"10.2.0.1", false, false},  // somebody says so
        {"10.1.0.9", false, false},  // a proxy, at a listener that reads no PROXY header
    };
    const config::Config config = configuration();
    for (const auto& entry : cases) {
        const auto bounds = bounds_of_client(config, address(entry.client), entry.is_hidden);
        EXPECT_EQ(bounds.is_preferred, entry.is_preferred) << entry.client << entry.is_hidden;
        EXPECT_TRUE(bounds.has_reserve);
    }
    EXPECT_FALSE(bounds_of_client(config::Config(), address("192.0.2.1"), false).has_reserve)
        << "where nobody could use it";
}

TEST(ConnectionBounds, keep_a_way_in_when_strangers_have_taken_all) {
    const config::Config config = configuration();
    ConnectionLimits limits;
    const auto enter = [&](const dns::IpAddress& client) {
        return limits.enter(client, bounds_of_client(config, client, false));
    };
    std::size_t taken = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto stranger = address("192." + std::to_string(i % 250) + ".0.1");
        if (enter(stranger) == Verdict::admitted) ++taken;
    }
    EXPECT_EQ(taken, 150U) << "all but a sixteenth";
    EXPECT_EQ(enter(address("203.0.113.1")), Verdict::too_many);
    EXPECT_EQ(enter(address("10.20.0.1")), Verdict::admitted);
    EXPECT_EQ(enter(address("198.51.100.7")), Verdict::admitted);
    // A proxy has a place until it says whose it is; a stranger's it cannot be.
    const auto proxy = address("10.1.0.1"), stranger = address("203.0.113.1");
    ASSERT_EQ(limits.enter(proxy, bounds_of_proxy(config)), Verdict::admitted);
    EXPECT_EQ(limits.move(proxy, stranger, bounds_of_client(config, stranger, false)), Verdict::too_many);
    const auto own = address("10.20.0.2");
    EXPECT_EQ(limits.move(proxy, own, bounds_of_client(config, own, false)), Verdict::admitted);
}

}  // namespace
}  // namespace gatepost::server
