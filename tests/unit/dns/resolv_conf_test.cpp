#include "dns/resolv_conf.hpp"

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

TEST(ResolvConf, takes_the_nameserver_lines) {
    const std::pair<std::string_view, std::vector<std::string>> cases[] = {
        {"nameserver 192.0.2.53\n", {"192.0.2.53"}},
        {"# one\nsearch example.org\nnameserver\t192.0.2.1 # first\r\nnameserver 2001:db8::53\noptions "
         "rotate",
         {"192.0.2.1", "2001:db8::53"}},
        {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4",
         {"192.0.2.1", "192.0.2.2", "192.0.2.3"}},
        {"", {"127.0.0.1"}},
        {"nameserver\nnameservers 192.0.2.1\n nameserver 192.0.2.1\n#nameserver 192.0.2.2", {"127.0.0.1"}},
        {"nameserver fe80::1%eth0\nnameserver 192.0.2.1", {"192.0.2.1"}},
    };
    for (const auto& [text, want] : cases) {
        std::vector<std::string> got;
        for (const ServerAddress& server : parse_resolv_conf(text)) {
            got.push_back(server.address.text());
            EXPECT_EQ(server.port, 53U);
        }
        EXPECT_EQ(got, want) << text;
    }
}

// resolv.conf(5): whether the AD bit of these servers is believed.
TEST(ResolvConf, takes_trust_ad) {
    const std::pair<std::string_view, bool> cases[] = {
        {"nameserver 192.0.2.1", false},
        {"nameserver 192.0.2.1\noptions trust-ad", true},
        {"options edns0 \ttrust-ad rotate\r\nnameserver 192.0.2.1\n", true},
        {"options\ttrust-ad\nnameserver 192.0.2.1\n", true},
        {"options no-trust-ad\nnameserver 192.0.2.1\n", false},
        {"#options trust-ad\nnameserver 192.0.2.1\n", false},
        {"optionstrust-ad trust-ad\nnameserver 192.0.2.1\n", false},
        {"options\nnameserver 192.0.2.1\n", false},
    };
    for (const auto& [text, want] : cases)
        EXPECT_EQ(believes_authentic_data(parse_resolv_conf(text).at(0)), want) << text;
}

TEST(ResolverOptions, say_whose_ad_bit_is_believed) {
    ServerAddress server;
    server.address = *IpAddress::parse("192.0.2.1");
    EXPECT_FALSE(believes_authentic_data(server));
    server.tls = true;
    EXPECT_TRUE(believes_authentic_data(server));
    EXPECT_EQ(to_string(server), "tls://192.0.2.1:53");
    server.tls_name = DomainName::parse("dns.example");
    server.address = *IpAddress::parse("2001:db8::1");
    EXPECT_EQ(to_string(server), "tls://[2001:db8::1]:53#dns.example");
    server = ServerAddress();
    server.address = *IpAddress::parse("::1");
    EXPECT_TRUE(believes_authentic_data(server));
    EXPECT_EQ(to_string(server), "[::1]:53");
}

TEST(ResolvConf, a_missing_file_counts_as_empty) {
    const auto servers = read_resolv_conf("/nonexistent/resolv.conf");
    ASSERT_EQ(servers.size(), 1U);
    EXPECT_TRUE(servers[0].address.is_loopback());
}

}  // namespace
}  // namespace gatepost::dns
