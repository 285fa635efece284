#include "config/address.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

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
    EXPECT_FALSE(parse_dns_server("dns_server:53"));
    EXPECT_FALSE(parse_dns_server("tls://192.0.2.1#dns_server"));
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

// What is written, and how it is named from then on.
TEST(Address, server_destinations) {
    struct Row {
        const char* written;
        const char* named;
        bool lmtp;
    };
    for (const auto& [written, named, lmtp] : {
             Row{"Mail.Internal.example.com:2525", "mail.internal.example.com:2525", false},
             Row{"mail", "mail:25", false},
             Row{"mail_server:25", "mail_server:25", false},  // a service of a container network
             Row{"_mail.stack_default", "_mail.stack_default:25", false},
             Row{"lmtp://dovecot_lmtp:24", "lmtp://dovecot_lmtp:24", true},
             Row{"[::1]:26", "[::1]:26", false},
             Row{"2001:DB8::1", "[2001:db8::1]:25", false},
             Row{"192.0.2.1", "192.0.2.1:25", false},
             Row{"lmtp://mail", "lmtp://mail:24", true},
             Row{"lmtp://Mail.example.com:2424", "lmtp://mail.example.com:2424", true},
             Row{"lmtp://[2001:db8::1]:2424", "lmtp://[2001:db8::1]:2424", true},
             Row{"lmtp://2001:db8::1", "lmtp://[2001:db8::1]:24", true},
             Row{"unix:/run/dovecot/lmtp", "unix:/run/dovecot/lmtp", true},
             Row{"unix:/run/a b/lmtp:1", "unix:/run/a b/lmtp:1", true},
         }) {
        SCOPED_TRACE(written);
        std::string problem = "of before";
        const auto found = parse_server_destination(written, problem);
        ASSERT_TRUE(found) << problem;
        EXPECT_EQ(problem, "");
        EXPECT_EQ(found->text(), named);
        EXPECT_EQ(found->lmtp, lmtp);
        EXPECT_EQ(found->is_local(), std::string_view(written).starts_with("unix:"));
    }
}

TEST(Address, is_told_what_is_wrong_with_a_destination) {
    const std::string neither = " is none of host:port, lmtp://host:port, unix:/PATH and maildir:PATH";
    const std::string relative = " names no absolute path, as unix:/run/dovecot/lmtp does";
    const std::string longest = "/" + std::string(106, 'p');
    std::string problem;
    EXPECT_TRUE(parse_server_destination("unix:" + longest, problem)) << problem;
    const std::vector<std::pair<std::string, std::string>> table = {
        {"", "\"\"" + neither},
        {":25", "\":25\"" + neither},
        {"a b:25", "\"a b:25\"" + neither},
        {"mail:smtp", "\"mail:smtp\"" + neither},
        {"192.0.2:25", "\"192.0.2:25\"" + neither},
        {"smtp://mail:25", "\"smtp://mail:25\"" + neither},
        {"-mail", "\"-mail\"" + neither},
        {"mail_1.192:25", "\"mail_1.192:25\"" + neither},
        {"lmtp:", "\"lmtp:\"" + neither},
        {"lmtp:mail:24", "\"lmtp:mail:24\"" + neither},
        {"lmtp://", "\"lmtp://\"" + neither},
        {"lmtp://:24", "\"lmtp://:24\"" + neither},
        {"lmtp://mail:0", "\"lmtp://mail:0\"" + neither},
        {"lmtp://mail:24/", "\"lmtp://mail:24/\"" + neither},
        {"LMTP://mail:24", "\"LMTP://mail:24\"" + neither},
        {"lmtp://mail:25", "LMTP has no place on port 25 (RFC 2033 section 5)"},
        {"unix:", "unix: without a path"},
        {"unix:run/lmtp", "\"unix:run/lmtp\"" + relative},
        {"unix://run/lmtp", "\"unix://run/lmtp\"" + relative},
        {std::string("unix:/run\0/lmtp", 15), "\"unix:/run?/lmtp\"" + relative},
        {"unix:" + longest + "p", "the path of a UNIX socket has at most 107 octets"},
    };
    for (const auto& [written, expected] : table) {
        EXPECT_FALSE(parse_server_destination(written, problem)) << written;
        EXPECT_EQ(problem, expected);
    }
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
