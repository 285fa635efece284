#include "dns/server_timing.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

ServerTiming::Time at(milliseconds when) {
    return ServerTiming::Time(1h) + when;
}

TEST(ServerTiming, knows_when_an_answer_is_late) {
    struct Case {
        std::string what;
        std::vector<milliseconds> round_trips;
        milliseconds hedge;
        milliseconds retry;
    };
    const Case cases[] = {
        {"nothing is known", {}, 250ms, 400ms},
        {"the first sample: its half is the variation (RFC 6298 §2.2)", {100ms}, 250ms, 300ms},
        {"a steady server", std::vector<milliseconds>(50, 100ms), 100ms, 200ms},
        {"a near one is not hurried", std::vector<milliseconds>(50, 1ms), 30ms, 200ms},
        {"a far one is not waited for without end", std::vector<milliseconds>(50, 5000ms), 1000ms, 1500ms},
    };
    for (const Case& c : cases) {
        ServerTiming timing;
        for (const milliseconds round_trip : c.round_trips)
            timing.on_reply(round_trip, at(0ms));
        EXPECT_NEAR(static_cast<double>(timing.hedge_after().count()),
                    1000.0 * static_cast<double>(c.hedge.count()), 1000)
            << c.what;
        EXPECT_NEAR(static_cast<double>(timing.retry_after().count()),
                    1000.0 * static_cast<double>(c.retry.count()), 1000)
            << c.what;
    }
}

// Round-trip times as networks have them: most near the least, a few far off.
TEST(ServerTiming, hedges_about_the_95th_percentile) {
    std::mt19937 generator(3);
    std::lognormal_distribution<double> milliseconds_taken(4.5, 0.5);
    ServerTiming timing;
    int late = 0;
    constexpr int questions = 20'000;
    for (int i = 0; i < questions; ++i) {
        const auto round_trip =
            std::chrono::microseconds(static_cast<long>(1000 * milliseconds_taken(generator)));
        if (i > 0 && round_trip > timing.hedge_after()) ++late;
        timing.on_reply(round_trip, at(0ms));
    }
    EXPECT_GT(late, questions * 2 / 100);
    EXPECT_LT(late, questions * 8 / 100);
}

TEST(ServerTiming, is_dead_after_three_silent_tries_and_alive_with_the_first_reply) {
    ServerTiming timing;
    timing.on_reply(10ms, at(0ms));
    timing.on_silence(100ms, at(1000ms));
    timing.on_silence(100ms, at(1001ms));
    timing.on_reply(10ms, at(2000ms));
    timing.on_silence(100ms, at(3000ms));
    timing.on_silence(100ms, at(3001ms));
    EXPECT_TRUE(timing.alive());
    timing.on_silence(100ms, at(3002ms));
    EXPECT_FALSE(timing.alive());
    EXPECT_EQ(timing.hedge_after(), 50ms);  // nobody waits for it
    timing.on_reply(10ms, at(4000ms));
    EXPECT_TRUE(timing.alive());
}

// A stranger's names that nobody answers made us wait 1.5 s for a lost reply about anybody's.
TEST(ServerTiming, tells_a_silent_name_from_a_silent_server) {
    ServerTiming timing;
    for (int i = 0; i < 1000; ++i) {
        timing.on_reply(1ms, at(i * 100ms));
        timing.on_silence(5000ms, at(i * 100ms + 50ms));
    }
    EXPECT_TRUE(timing.alive());
    EXPECT_LT(timing.smoothed(), 2ms);
    timing.on_silence(40ms, at(999 * 100ms + 50ms));
    EXPECT_GT(timing.smoothed(), 2ms) << "nothing came while this one waited";
}

TEST(ServerTiming, is_dead_at_once_where_nobody_listens) {
    ServerTiming timing;
    timing.on_unreachable(at(0ms));
    EXPECT_FALSE(timing.alive());
}

// A dead server is probed after 1, 2, 4, 4 ... seconds, once each time.
TEST(ServerTiming, probes_a_dead_server_every_few_seconds) {
    ServerTiming timing;
    EXPECT_FALSE(timing.take_probe(at(0ms))) << "it lives";
    timing.on_unreachable(at(0ms));
    std::vector<long> probes;
    for (milliseconds now{0}; now <= 20s; now += 100ms) {
        if (!timing.take_probe(at(now))) continue;
        probes.push_back(now.count());
        timing.on_silence(200ms, at(now + 50ms));
        timing.on_unreachable(at(now + 50ms));
    }
    EXPECT_EQ(probes, (std::vector<long>{1000, 3000, 7000, 11000, 15000, 19000}));
}

// A server that is passed over comes first again some day, and one that was silent goes behind one that
// answers.
TEST(ServerTiming, orders_servers) {
    ServerTiming slow;
    slow.on_reply(80ms, at(0ms));
    ServerTiming fast;
    fast.on_reply(1ms, at(0ms));
    int questions = 0;
    for (; slow.smoothed() >= fast.smoothed(); ++questions)
        slow.age();
    EXPECT_GT(questions, 100);
    EXPECT_LT(questions, 1000);
    EXPECT_GT(slow.smoothed().count(), 0);

    ServerTiming silent;
    silent.on_silence(250ms, at(0ms));
    EXPECT_GT(silent.smoothed(), fast.smoothed());
}

}  // namespace
}  // namespace gatepost::dns
