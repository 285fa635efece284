// What a downstream server's reply means, which server is asked next, how long it may take, and when
// refusals are held back: as tables, without a socket and without a clock.
#include "server/relay/refusal_guard.hpp"
#include "server/relay/schedule.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace gatepost::server::relay {
namespace {

using namespace std::chrono_literals;
using smtp::Reply;

const TimePoint begin = TimePoint() + 1h;

struct MeaningCase {
    Reply reply;
    Meaning mail;
    Meaning recipient;
    Meaning data;
    Meaning message;
};

constexpr Meaning taken = Meaning::taken;
constexpr Meaning refused = Meaning::refused;
constexpr Meaning trouble = Meaning::trouble;

TEST(Schedule, reads_replies) {
    const MeaningCase cases[] = {
        {{250, "2.1.0", "ok"}, taken, taken, taken, taken},
        {{251, "2.1.5", "forwarded"}, taken, taken, taken, taken},
        {{354, "", "go"}, trouble, trouble, taken, trouble},
        // 421 at any command.
        {{421, "4.3.2", "closing"}, trouble, trouble, trouble, trouble},
        {{421, "", "closing"}, trouble, trouble, trouble, trouble},
        {{421, "4.7.0", "too many connections"}, trouble, trouble, trouble, trouble},
        // What speaks of the session.
        {{454, "4.7.0", "TLS not available"}, trouble, trouble, trouble, trouble},
        {{503, "5.5.1", "out of order"}, trouble, trouble, trouble, trouble},
        {{530, "5.7.0", "authentication required"}, trouble, trouble, trouble, trouble},
        {{535, "5.7.8", "authentication failed"}, trouble, trouble, trouble, trouble},
        {{538, "5.7.11", "encryption required"}, trouble, trouble, trouble, trouble},
        // 4.3.x and 4.4.x to MAIL alone.
        {{452, "4.3.1", "no space"}, trouble, refused, refused, refused},
        {{451, "4.3.0", "local error"}, trouble, refused, refused, refused},
        {{451, "4.4.2", "connection dropped"}, trouble, refused, refused, refused},
        {{550, "5.3.0", "system"}, refused, refused, refused, refused},
        {{552, "5.3.4", "too big"}, refused, refused, refused, refused},
        {{550, "5.4.1", "no route"}, refused, refused, refused, refused},
        // Of this mail.
        {{450, "4.7.1", "greylisted"}, refused, refused, refused, refused},
        {{450, "4.1.8", "sender's domain not found"}, refused, refused, refused, refused},
        {{452, "4.2.2", "mailbox full"}, refused, refused, refused, refused},
        {{451, "", "later"}, refused, refused, refused, refused},
        {{450, "4.5.3", "too many"}, refused, refused, refused, refused},
        {{550, "5.1.1", "nobody"}, refused, refused, refused, refused},
        {{550, "5.7.1", "no"}, refused, refused, refused, refused},
        {{554, "", "no"}, refused, refused, refused, refused},
        {{500, "", "what?"}, refused, refused, refused, refused},
    };
    for (const MeaningCase& given : cases) {
        SCOPED_TRACE(given.reply.wire());
        EXPECT_EQ(meaning_of(Step::mail, given.reply), given.mail);
        EXPECT_EQ(meaning_of(Step::recipient, given.reply), given.recipient);
        EXPECT_EQ(meaning_of(Step::data, given.reply), given.data);
        EXPECT_EQ(meaning_of(Step::message, given.reply), given.message);
    }
}

constexpr TimePoint long_ago{};
const Standing well{true, long_ago, long_ago};
const Standing unknown{false, long_ago, long_ago};
const Standing down{false, begin + 5s, long_ago};
const Standing troubled{true, long_ago, begin + 60s};

using Order = std::vector<std::size_t>;

// The servers as they are asked, where each fails.
Order order(const std::vector<Standing>& servers, TimePoint now = begin) {
    Attempts attempts(servers.size(), begin + 1h, 30s);
    Order asked;
    while (const auto server = attempts.next(servers, now)) {
        asked.push_back(*server);
        attempts.failed(*server, false);
    }
    return asked;
}

TEST(Schedule, asks_each_server_once_and_those_in_trouble_last) {
    EXPECT_EQ(order({well}), (Order{0}));
    EXPECT_EQ(order({troubled}), (Order{0}));
    EXPECT_EQ(order({down}), (Order{0}));
    EXPECT_EQ(order({well, well, well}), (Order{0, 1, 2}));
    EXPECT_EQ(order({unknown, well}), (Order{1, 0}));
    EXPECT_EQ(order({unknown, unknown}), (Order{0, 1}));
    EXPECT_EQ(order({troubled, well, well}), (Order{1, 2, 0}));
    EXPECT_EQ(order({troubled, well, troubled}), (Order{1, 0, 2}));
    // It comes first again when its time is over.
    EXPECT_EQ(order({troubled, well}, begin + 59s), (Order{1, 0}));
    EXPECT_EQ(order({troubled, well}, begin + 60s), (Order{0, 1}));
    // Not asked in vain a second time within moments, but where there is no other.
    EXPECT_EQ(order({down, well}), (Order{1}));
    EXPECT_EQ(order({down, well}, begin + 5s), (Order{1, 0}));
    EXPECT_EQ(order({down, down}), (Order{0}));
}

TEST(Schedule, replaces_a_kept_connection_once) {
    const std::vector<Standing> servers{well, well};
    Attempts attempts(2, begin + 1h, 30s);
    EXPECT_EQ(attempts.next(servers, begin), 0U);
    EXPECT_FALSE(attempts.needs_fresh_connection(0));
    EXPECT_TRUE(attempts.failed(0, true));
    EXPECT_FALSE(attempts.any_failed());
    EXPECT_EQ(attempts.next(servers, begin), 0U);
    EXPECT_TRUE(attempts.needs_fresh_connection(0));
    EXPECT_FALSE(attempts.needs_fresh_connection(1));
    EXPECT_FALSE(attempts.failed(0, true));
    EXPECT_TRUE(attempts.any_failed());
    EXPECT_EQ(attempts.next(servers, begin), 1U);
    // A fresh connection that fails is the server's trouble.
    EXPECT_FALSE(attempts.failed(1, false));
    EXPECT_EQ(attempts.next(servers, begin), std::nullopt);
}

TEST(Schedule, shares_the_time_of_one_client) {
    const std::vector<Standing> servers{well, well, well};
    Attempts attempts(3, begin + 240s, 30s);
    attempts.begin(0, begin);
    EXPECT_EQ(attempts.until(), begin + 80s);
    EXPECT_EQ(attempts.time(5min, begin), 30s);
    EXPECT_EQ(attempts.time(5s, begin), 5s);
    EXPECT_EQ(attempts.time(5min, begin + 70s), 10s);
    EXPECT_EQ(attempts.time(5min, begin + 90s), 1ms);
    attempts.failed(0, false);
    attempts.begin(1, begin + 60s);
    EXPECT_EQ(attempts.until(), begin + 150s);
    attempts.failed(1, false);
    // The last one has all that is left.
    attempts.begin(2, begin + 100s);
    EXPECT_EQ(attempts.time(5min, begin + 100s), 140s);
    EXPECT_EQ(attempts.time(1min, begin + 100s), 1min);
    EXPECT_EQ(attempts.next(servers, begin + 239s), 2U);
    EXPECT_EQ(attempts.next(servers, begin + 240s), std::nullopt);
    // A server on its own has it from the start.
    Attempts alone(1, begin + 240s, 30s);
    alone.begin(0, begin);
    EXPECT_EQ(alone.time(5min, begin), 240s);
}

// RFC 5321 §4.5.3.2: whatever happens, we answer before the client gives up.
TEST(Schedule, answers_before_the_client_gives_up) {
    const HandOverTimes times;
    EXPECT_LT(times.recipient, 5min);
    EXPECT_LT(times.message, 10min);
    EXPECT_LT(times.final_reply, times.message);
}

std::string sender(int number) {
    return "s" + std::to_string(number) + "@client.example";
}

const Reply denied(554, "5.7.1", "access denied");

// How many transactions it takes until refusals are held back.
std::optional<int> held_after(const std::vector<std::pair<std::string, Reply>>& transactions,
                              std::chrono::seconds apart) {
    RefusalGuard guard;
    for (std::size_t i = 0; i < transactions.size(); ++i) {
        const auto& [from, reply] = transactions[i];
        const bool begins = guard.refused(from, reply, begin + static_cast<int>(i) * apart);
        EXPECT_EQ(begins, guard.is_holding());
        if (begins) return static_cast<int>(i) + 1;
    }
    return std::nullopt;
}

TEST(RefusalGuard, needs_twenty_senders_within_five_minutes_and_one_reply) {
    std::vector<std::pair<std::string, Reply>> different, one_sender, mixed, texts;
    for (int i = 0; i < 60; ++i) {
        different.emplace_back(sender(i), denied);
        one_sender.emplace_back(sender(0), denied);
        mixed.emplace_back(sender(i), i % 2 == 0 ? denied : Reply(550, "5.1.1", "nobody"));
        texts.emplace_back(sender(i), Reply(554, "5.7.1", "access denied for " + sender(i)));
    }
    EXPECT_EQ(held_after(different, 1s), 20);
    EXPECT_EQ(held_after(texts, 1s), 20);
    EXPECT_EQ(held_after(mixed, 1s), 39);  // the twentieth of one of them
    EXPECT_EQ(held_after(one_sender, 1s), std::nullopt);
    // The first and the twentieth lie within five minutes, or do not.
    EXPECT_EQ(held_after(different, 15s), 20);
    EXPECT_EQ(held_after(different, 16s), std::nullopt);
}

TEST(RefusalGuard, ends_when_a_recipient_is_taken) {
    RefusalGuard guard;
    EXPECT_FALSE(guard.taken());
    for (int i = 0; i < 19; ++i)
        EXPECT_FALSE(guard.refused(sender(i), denied, begin));
    EXPECT_FALSE(guard.taken());
    EXPECT_TRUE(guard.is_empty());
    EXPECT_FALSE(guard.refused(sender(19), denied, begin));
    EXPECT_FALSE(guard.is_holding());
    for (int i = 0; i < 18; ++i)
        EXPECT_FALSE(guard.refused(sender(i), denied, begin));
    EXPECT_TRUE(guard.refused(sender(18), denied, begin));
    EXPECT_TRUE(guard.is_holding());
    // It begins once, and goes on however long nothing is taken.
    EXPECT_FALSE(guard.refused(sender(50), denied, begin + 1h));
    EXPECT_TRUE(guard.is_holding());
    EXPECT_TRUE(guard.taken());
    EXPECT_FALSE(guard.is_holding());
}

}  // namespace
}  // namespace gatepost::server::relay
