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

TEST(ResolvConf, a_missing_file_counts_as_empty) {
    const auto servers = read_resolv_conf("/nonexistent/resolv.conf");
    ASSERT_EQ(servers.size(), 1U);
    EXPECT_TRUE(servers[0].address.is_loopback());
}

}  // namespace
}  // namespace gatepost::dns
