#include "config/address.hpp"

#include <gtest/gtest.h>

namespace gatepost::config {
namespace {

TEST(Address, sockets) {
    const auto v4 = parse_socket_address("0.0.0.0:25").value();
    EXPECT_EQ(v4.address.text(), "0.0.0.0");
    EXPECT_EQ(v4.port, 25);
    const auto v6 = parse_socket_address("[2001:db8::1]:65535").value();
    EXPECT_EQ(v6.address.text(), "2001:db8::1");
    EXPECT_EQ(v6.port, 65535);
    for (const auto* bad :
         {"", "25", ":25", "0.0.0.0", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:65536", "0.0.0.0:25x", "localhost:25",
          "::1", "[::1]", "[::1]25", "[::1", "[127.0.0.1]:25", "[]:25"})
        EXPECT_FALSE(parse_socket_address(bad)) << bad;
}

TEST(Address, dns_servers) {
    EXPECT_EQ(parse_dns_server("127.0.0.1")->port, 53);
    EXPECT_EQ(parse_dns_server("127.0.0.1:5353")->port, 5353);
    EXPECT_EQ(parse_dns_server("::1")->address.text(), "::1");
    EXPECT_EQ(parse_dns_server("[::1]:54")->port, 54);
    EXPECT_FALSE(parse_dns_server("127.0.0.1")->tls);
    for (const auto* bad :
         {"", "dns.example", "127.0.0.1:", "127.0.0.1:0", "1.2.3", "127.0.0.1#dns.example", "tls://",
          "tls://dns.example", "tls://192.0.2.1#", "tls://192.0.2.1#192.0.2.1", "tls://192.0.2.1#a b",
          "tls://192.0.2.1:53#dns.example", "TLS://192.0.2.1", "https://192.0.2.1"})
        EXPECT_FALSE(parse_dns_server(bad)) << bad;
}

// RFC 7858 §3.1: port 853 unless another is agreed on, and never 53.
TEST(Address, dns_servers_over_tls) {
    for (const auto* text : {"tls://192.0.2.1:853", "tls://192.0.2.1:853#dns.example",
                             "tls://192.0.2.1:8853#dns.example", "tls://[2001:db8::1]:853#dns.example"})
        EXPECT_EQ(dns::to_string(parse_dns_server(text).value()), text);
    EXPECT_EQ(dns::to_string(parse_dns_server("tls://192.0.2.1#DNS.Example").value()),
              "tls://192.0.2.1:853#dns.example");
    EXPECT_EQ(dns::to_string(parse_dns_server("tls://2001:db8::1").value()), "tls://[2001:db8::1]:853");
}

TEST(Address, smtp_destinations) {
    const auto named = parse_smtp_destination("Mail.Internal.example.com:2525").value();
    EXPECT_EQ(named.host, "mail.internal.example.com");
    EXPECT_EQ(named.port, 2525);
    EXPECT_EQ(parse_smtp_destination("mail")->port, 25);
    EXPECT_EQ(parse_smtp_destination("[::1]:26")->host, "::1");
    EXPECT_EQ(parse_smtp_destination("192.0.2.1")->host, "192.0.2.1");
    for (const auto* bad : {"", ":25", "a b:25", "mail:smtp", "192.0.2:25", "smtp://mail:25", "-mail"})
        EXPECT_FALSE(parse_smtp_destination(bad)) << bad;
}

TEST(Address, host_names) {
    EXPECT_EQ(parse_host_name("MX1.Example.com.")->text(), "mx1.example.com");
    EXPECT_EQ(parse_host_name("bücher.example")->text(), "xn--bcher-kva.example");
    for (const auto* bad :
         {"", ".", "*.example.com", "a..b", "10.0.0.1", "a_b.example", "a b", "example.com/"})
        EXPECT_FALSE(parse_host_name(bad)) << bad;
}

TEST(Address, mail_addresses) {
    EXPECT_TRUE(is_mail_address("dmarc-reports@example.com"));
    for (const auto* bad : {"", "@example.com", "a@", "a@b@c.example", "a b@example.com", "a@[192.0.2.1]",
                            "<a@example.com>", "a\r\n@example.com"})
        EXPECT_FALSE(is_mail_address(bad)) << bad;
}

}  // namespace
}  // namespace gatepost::config
