// What one session may cost: its commands without a message, and its time in all.
#include "server/command_budget.hpp"
#include "server/session_time.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;
using TimePoint = std::chrono::steady_clock::time_point;

constexpr std::size_t recipients = 1100;
constexpr TimePoint start{1000h};

class Client {
  public:
    // How many of `count` commands are taken at `now`.
    std::size_t say(std::size_t count, TimePoint now) {
        std::size_t taken = 0;
        while (taken < count && (budget_.take() || budget_.take_earned(now)))
            ++taken;
        return taken;
    }
    std::size_t name(std::size_t count, TimePoint now) {
        std::size_t taken = 0;
        while (taken < count && (budget_.take_recipient() || budget_.take_earned(now)))
            ++taken;
        return taken;
    }
    CommandBudget& budget() { return budget_; }

  private:
    CommandBudget budget_{recipients, start};
};

TEST(CommandBudget, ends_a_flood) {
    Client client;
    EXPECT_EQ(client.say(1'000'000, start), CommandBudget::most);
    EXPECT_EQ(client.say(10, start + 900ms), 0U);
    EXPECT_EQ(client.say(10, start + 3500ms), 3U);
    EXPECT_EQ(client.say(10, start + 3900ms), 0U) << "the half second counts once";
    EXPECT_EQ(client.say(10, start + 4000ms), 1U);
    EXPECT_EQ(client.say(1'000'000, start + 1000h), CommandBudget::most) << "time is kept up to the whole";
}

TEST(CommandBudget, is_never_met_by_keep_alives) {
    Client minute, second;
    for (int i = 0; i < 24 * 60; ++i)
        ASSERT_EQ(minute.say(3, start + i * 1min), 3U) << i;
    for (int i = 0; i < 24 * 3600; ++i)
        ASSERT_EQ(second.say(1, start + i * 1s), 1U) << i;
}

TEST(CommandBudget, is_never_met_by_senders) {
    Client client;
    for (int i = 0; i < 5000; ++i) {
        ASSERT_EQ(client.say(4, start), 4U) << "NOOP, RSET, MAIL, DATA of message " << i;
        ASSERT_EQ(client.name(100, start), 100U);
        client.budget().message_came();
    }
    // RFC 3030 sets no least size of a chunk: one of an octet each.
    ASSERT_EQ(client.say(900, start), 900U);
    client.budget().message_came();
    for (int i = 0; i < 100'000; ++i) {
        ASSERT_EQ(client.say(1, start), 1U) << i;
        client.budget().chunk_came(CommandBudget::octets_of_one);
    }
}

TEST(CommandBudget, counts_recipients_beyond_those_of_a_message) {
    Client client;
    EXPECT_EQ(client.name(1'000'000, start), recipients + CommandBudget::most);
    client.budget().message_came();
    EXPECT_EQ(client.name(recipients, start), recipients);
    EXPECT_EQ(client.say(1'000'000, start), CommandBudget::most);
}

TEST(CommandBudget, is_not_earned_by_empty_chunks) {
    Client client;
    EXPECT_EQ(client.say(CommandBudget::most, start), CommandBudget::most);
    for (int i = 0; i < 1000; ++i)
        client.budget().chunk_came(1);
    EXPECT_FALSE(client.budget().take());
    client.budget().chunk_came(SIZE_MAX / 2);
    EXPECT_EQ(client.say(1'000'000, start), CommandBudget::most) << "never more than the whole";
}

TEST(SessionTime, ends_and_cuts_no_transaction) {
    const SessionTime time(start);
    EXPECT_FALSE(time.is_over(true, start + 23h));
    EXPECT_TRUE(time.is_over(true, start + 24h));
    EXPECT_FALSE(time.is_over(false, start + 24h + 59min));
    EXPECT_TRUE(time.is_over(false, start + 25h)) << "nor is it a way to stay";
}

}  // namespace
}  // namespace gatepost::server
