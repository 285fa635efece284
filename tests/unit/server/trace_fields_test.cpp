#include "server/trace_fields.hpp"

#include <gtest/gtest.h>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;

TraceFacts facts() {
    TraceFacts facts;
    facts.helo = "mail.example.org";
    facts.client_name = "out.example.org";
    facts.client_ip = dns::IpAddress::parse("192.0.2.1").value();
    facts.hostname = "mx1.example.com";
    facts.protocol = "ESMTPS";
    facts.tls_version = "TLSv1.3";
    facts.tls_cipher = "TLS_AES_256_GCM_SHA384";
    facts.id = "0011223344556677-1";
    facts.recipients = {"user@example.com"};
    facts.time = std::chrono::sys_days(2026y / 11 / 4) + 3h + 5min + 9s;
    return facts;
}

TEST(Received, tells_the_way) {
    EXPECT_EQ(received_field(facts()),
              "Received: from mail.example.org (out.example.org [192.0.2.1])\r\n"
              "\tby mx1.example.com with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
              "\tid 0011223344556677-1 for <user@example.com>;\r\n"
              "\tWed, 4 Nov 2026 03:05:09 +0000\r\n");
}

// RFC 5321 §7.6: `for` with several recipients would tell each of the others.
TEST(Received, names_a_single_recipient_only) {
    TraceFacts two = facts();
    two.recipients.push_back("hidden@example.com");
    EXPECT_EQ(received_field(two).find("for <"), std::string::npos);
    TraceFacts quoted = facts();
    quoted.recipients = {"\"a b\"@example.com"};
    EXPECT_EQ(received_field(quoted).find("for <"), std::string::npos);
}

TEST(Received, is_not_to_be_forged_by_helo) {
    TraceFacts hostile = facts();
    hostile.helo = "a\r\nX-Quarantine: none\r\n (b) \xc3\xa9" + std::string(2000, 'x');
    hostile.client_ip = dns::IpAddress::parse("2001:db8::1").value();
    hostile.client_name.clear();
    hostile.tls_version.clear();
    const std::string field = received_field(hostile);
    EXPECT_TRUE(field.starts_with("Received: from a??X-Quarantine:?none???")) << field;
    EXPECT_NE(field.find("([IPv6:2001:db8::1])"), std::string::npos);
    EXPECT_EQ(std::count(field.begin(), field.end(), '\n'), 4);
    EXPECT_LT(field.size(), 998U);
}

TEST(Date, is_of_rfc_5322) {
    EXPECT_EQ(rfc5322_date(std::chrono::sys_days(1970y / 1 / 1)), "Thu, 1 Jan 1970 00:00:00 +0000");
    EXPECT_EQ(rfc5322_date(std::chrono::sys_days(2024y / 2 / 29) + 23h + 59min + 59s + 999ms),
              "Thu, 29 Feb 2024 23:59:59 +0000");
}

}  // namespace
}  // namespace gatepost::server
