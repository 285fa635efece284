#include "dns/ip_address.hpp"

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

TEST(IpAddress, has_one_spelling) {
    EXPECT_EQ(address("192.0.2.1").text(), "192.0.2.1");
    EXPECT_EQ(address("2001:DB8:0::1").text(), "2001:db8::1");
    EXPECT_EQ(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    for (const auto* text :
         {"", "192.0.2", "192.0.2.256", "192.0.2.01.1", "fe80::1%eth0", "[::1]", "1.2.3.4 "})
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    EXPECT_FALSE(IpAddress::parse(std::string_view("192.0.2.1\0x", 11)));
}

TEST(IpAddress, has_a_reverse_name) {
    EXPECT_EQ(address("192.0.2.1").reverse_name().text(), "1.2.0.192.in-addr.arpa");
    EXPECT_EQ(address("2001:db8::1").reverse_name().text(),
              "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(IpNetwork, contains_by_prefix) {
    const auto network = IpNetwork::parse("192.0.2.129/25").value();
    EXPECT_EQ(network.text(), "192.0.2.128/25");
    EXPECT_TRUE(network.contains(address("192.0.2.255")));
    EXPECT_FALSE(network.contains(address("192.0.2.127")));
    EXPECT_FALSE(network.contains(address("2001:db8::1")));
    EXPECT_TRUE(IpNetwork::parse("0.0.0.0/0")->contains(address("8.8.8.8")));
    EXPECT_TRUE(IpNetwork::parse("2001:db8::/33")->contains(address("2001:db8:7fff::1")));
    EXPECT_FALSE(IpNetwork::parse("2001:db8::/33")->contains(address("2001:db8:8000::1")));
    EXPECT_EQ(IpNetwork::parse("192.0.2.1")->prefix(), 32U);
    for (const auto* text : {"192.0.2.1/33", "192.0.2.1/", "192.0.2.1/-1", "::/129", "x/8"})
        EXPECT_FALSE(IpNetwork::parse(text)) << text;
}

}  // namespace
}  // namespace gatepost::dns
