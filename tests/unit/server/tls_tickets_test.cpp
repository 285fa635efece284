#include "server/tls_tickets.hpp"

#include <gtest/gtest.h>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;

TEST(TicketKeys, change_and_are_forgotten) {
    TicketKeys::Clock::time_point now{};
    TicketKeys keys([&] { return now; });
    const auto first = keys.current().value();
    now += TicketKeys::issue_time - 1s;
    EXPECT_EQ(keys.current()->name, first.name);
    EXPECT_TRUE(keys.find(first.name)->is_current);

    now += 1s;  // its time is over: also where no new key has been asked for
    EXPECT_FALSE(keys.find(first.name)->is_current);
    const auto second = keys.current().value();
    EXPECT_NE(second.name, first.name);
    EXPECT_NE(second.cipher_key, first.cipher_key);
    EXPECT_NE(second.mac_key, first.mac_key);
    EXPECT_EQ(keys.find(first.name)->key.cipher_key, first.cipher_key);
    EXPECT_TRUE(keys.find(second.name)->is_current);

    now += TicketKeys::ticket_time - 1s;  // the last ticket that it sealed has a second left
    EXPECT_TRUE(keys.find(first.name));
    now += 1s;
    EXPECT_FALSE(keys.find(first.name));
    EXPECT_TRUE(keys.find(second.name));
    now += 24h;
    EXPECT_FALSE(keys.find(second.name));
    EXPECT_NE(keys.current()->name, second.name);
}

TEST(TicketKeys, of_others_are_unknown) {
    TicketKeys keys;
    TicketKeys others;
    EXPECT_FALSE(keys.find(others.current()->name));
    EXPECT_FALSE(keys.find({}));
}

}  // namespace
}  // namespace gatepost::server
