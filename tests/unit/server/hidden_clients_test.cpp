// PRODUCT.md, "Client addresses can be hidden from us".
#include "server/hidden_clients.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;
using News = HiddenClients::News;
using TimePoint = HiddenClients::TimePoint;

dns::IpAddress address(std::string_view text) {
    return dns::IpAddress::parse(text).value();
}

dns::DomainName name(std::size_t index) {
    return dns::DomainName::parse("host" + std::to_string(index) + ".example").value();
}

const TimePoint begin = TimePoint() + 1000h;
const dns::IpAddress gateway = address("172.17.0.1");
const dns::IpAddress other = address("192.0.2.1");

// `connections` of the gateway and `others` of somebody else, spread over five minutes, then `names` names of
// the gateway's clients that do not resolve to it; gives whether it hides clients then.
bool hides(std::size_t connections, std::size_t others, std::size_t names,
           const dns::IpAddress& from = gateway) {
    HiddenClients guard;
    const std::size_t all = connections + others;
    for (std::size_t i = 0; i < all; ++i) {
        const bool is_other = others > 0 && i % (all / others) == 0;
        guard.connected(is_other ? other : from, begin + i * 300s / all);
    }
    for (std::size_t i = 0; i < names; ++i) {
        const TimePoint now = begin + 301s + i / 20 * 60s;
        if (guard.wants_name(from, name(i), now)) guard.does_not_resolve(from, name(i), now);
    }
    return guard.is_hidden(from);
}

TEST(HiddenClients, are_told_by_number_share_and_names) {
    const struct {
        const char* what;
        std::size_t connections, others, names;
        bool hidden;
    } cases[] = {
        {"all from one address", 200, 0, 20, true}, {"one connection less", 199, 0, 20, false},
        {"one name less", 200, 0, 19, false},       {"no names", 10'000, 0, 0, false},
        {"95 percent", 190, 10, 20, true},          {"less than 95 percent", 188, 12, 20, false},
    };
    for (const auto& entry : cases)
        EXPECT_EQ(hides(entry.connections, entry.others, entry.names), entry.hidden) << entry.what;
}

TEST(HiddenClients, are_behind_private_addresses_alone) {
    const std::pair<const char*, bool> cases[] = {
        {"10.0.0.1", true},        {"172.16.0.1", true},  {"172.32.0.1", false}, {"192.168.1.1", true},
        {"100.64.0.1", true},      {"169.254.1.1", true}, {"127.0.0.1", false},  {"192.0.2.7", false},
        {"fd00::1", true},         {"fe80::1", true},     {"::1", false},        {"2001:db8::1", false},
        {"::ffff:10.0.0.1", true},
    };
    for (const auto& [text, hidden] : cases) {
        EXPECT_EQ(is_private(address(text)), hidden) << text;
        EXPECT_EQ(hides(300, 0, 20, address(text)), hidden) << text;
    }
}

TEST(HiddenClients, of_long_ago_do_not_count) {
    HiddenClients guard;
    for (int i = 0; i < 199; ++i)
        guard.connected(gateway, begin);
    guard.connected(gateway, begin + 11min);
    EXPECT_FALSE(guard.wants_name(gateway, name(1), begin + 11min));
    for (int i = 0; i < 198; ++i)
        guard.connected(gateway, begin + 12min);
    EXPECT_FALSE(guard.wants_name(gateway, name(1), begin + 12min));
    guard.connected(gateway, begin + 12min);
    EXPECT_TRUE(guard.wants_name(gateway, name(1), begin + 12min));
}

HiddenClients::News hide(HiddenClients& guard) {
    for (int i = 0; i < 200; ++i)
        guard.connected(gateway, begin);
    News last = News::none;
    for (std::size_t i = 0; i < 20; ++i) {
        EXPECT_EQ(last, News::none);
        EXPECT_TRUE(guard.wants_name(gateway, name(i), begin));
        last = guard.does_not_resolve(gateway, name(i), begin);
    }
    return last;
}

// Silence is no proof that the gateway went; other clients are.
TEST(HiddenClients, stay_hidden_until_others_are_seen) {
    HiddenClients guard;
    EXPECT_EQ(hide(guard), News::hidden);
    EXPECT_EQ(guard.hidden(), gateway);
    EXPECT_FALSE(guard.wants_name(gateway, name(99), begin)) << "there is nothing more to learn";
    EXPECT_EQ(guard.connected(gateway, begin + 24h), News::none);
    EXPECT_TRUE(guard.is_hidden(gateway));
    EXPECT_FALSE(guard.is_hidden(other)) << "all other clients stay enforced";
    News last = News::none;
    for (int i = 0; i < 199; ++i) {
        EXPECT_EQ(last, News::none) << i;
        last = guard.connected(other, begin + 24h);
    }
    EXPECT_EQ(last, News::visible);
    EXPECT_FALSE(guard.is_hidden(gateway));
}

// What it costs: questions to the DNS, and memory.
TEST(HiddenClients, ask_a_bounded_number_of_questions) {
    HiddenClients guard;
    for (int i = 0; i < 300; ++i)
        guard.connected(gateway, begin);
    std::size_t asked = 0;
    for (std::size_t i = 0; i < 1000; ++i)
        asked += guard.wants_name(gateway, name(i), begin) ? 1 : 0;
    EXPECT_EQ(asked, 20U);
    EXPECT_FALSE(guard.wants_name(gateway, dns::DomainName::parse("cron1").value(), begin + 1min));
    EXPECT_FALSE(guard.wants_name(other, name(1), begin + 1min));
    EXPECT_TRUE(guard.wants_name(gateway, name(1), begin + 1min));
}

}  // namespace
}  // namespace gatepost::server
