#include "server/spent_checks.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

TEST(SpentChecks, are_final_for_who_has_spent_his_time_before) {
    SpentChecks spent;
    const dns::IpAddress client = dns::IpAddress::parse("2001:db8::1").value();
    const dns::IpAddress neighbour = dns::IpAddress::parse("2001:db8::2").value();
    const dns::IpAddress stranger = dns::IpAddress::parse("192.0.2.1").value();
    const SpentChecks::Clock::time_point start(1h);
    EXPECT_TRUE(spent.is_empty());
    spent.note(client, name("slow.example"), start);
    EXPECT_FALSE(spent.is_empty());
    EXPECT_FALSE(spent.is_final(client, name("slow.example"), start + 29s))
        << "too soon to have come further";
    spent.note(client, name("slow.example"), start + 29s);
    EXPECT_TRUE(spent.is_final(client, name("slow.example"), start + 30s)) << "counted from the first";
    EXPECT_TRUE(spent.is_final(neighbour, name("slow.example"), start + 1h)) << "of the same /64";
    EXPECT_FALSE(spent.is_final(stranger, name("slow.example"), start + 1h));
    EXPECT_FALSE(spent.is_final(client, name("other.example"), start + 1h));
    EXPECT_FALSE(spent.is_final(client, name("slow.example"), start + 24h)) << "forgotten";
}

TEST(SpentChecks, take_bounded_memory) {
    SpentChecks spent;
    const dns::IpAddress client = dns::IpAddress::parse("192.0.2.1").value();
    const SpentChecks::Clock::time_point start(1h);
    for (int i = 0; i < 5000; ++i)
        spent.note(client, name(std::to_string(i) + ".example"), start);
    EXPECT_EQ(spent.size(), 4096U);
    EXPECT_FALSE(spent.is_final(client, name("1.example"), start + 1h)) << "the oldest goes first";
    EXPECT_TRUE(spent.is_final(client, name("4999.example"), start + 1h));
    spent.note(client, name("late.example"), start + 25h);
    EXPECT_EQ(spent.size(), 1U);
}

}  // namespace
}  // namespace gatepost::server
