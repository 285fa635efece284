// Transactions that wait for a connection: who is served first, and what is left of one that waits no more.
#include "server/relay/relay_pool.hpp"

#include "tests/support/pool_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::server::relay {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Pool = tests::PoolFixture;

TEST_F(Pool, serves_in_the_order_in_which_they_came) {
    hold();
    for (const auto* name : {"1", "2", "3", "4"})
        start(name);
    context->run_for(120ms);  // each looks again meanwhile
    start("5");
    // Comes while the connection is there and the first one, which was called for it, is on its way.
    const auto give_back = [&] {
        pool->release(std::move(held));
        start("6");
    };
    asio::post(*context, give_back);
    // Comes while one is served.
    on_served = [&](const std::string& name) {
        if (name == "2") start("7");
    };
    run_until_served(7);
    EXPECT_EQ(served, (Names{"1", "2", "3", "4", "5", "6", "7"}));
    EXPECT_EQ(server->connections, 1);
}

// Messages that came whole, and at once again, would else keep all others at RCPT for ever: 3,000 sessions
// did.
TEST_F(Pool, serves_whole_messages_first_in_each_turn) {
    hold();
    start("1");
    start("whole 1", true);
    start("2");
    start("whole 2", true);
    context->run_for(60ms);
    start("whole 3", true);
    pool->release(std::move(held));
    run_until_served(5);
    EXPECT_EQ(served, (Names{"whole 1", "1", "whole 2", "2", "whole 3"}));
}

// 1,200 transactions of an attacker, each waiting at RCPT, made everybody else wait for a second.
TEST_F(Pool, serves_clients_in_turns) {
    hold();
    for (const auto* name : {"a1", "a2", "a3"})
        start_for("192.0.2.1", name);
    start_for("198.51.100.2", "b1");
    for (const auto* name : {"c1", "c2"})
        start_for(name[1] == '1' ? "2001:db8::1" : "2001:db8::2", name);  // one client: a /64
    context->run_for(60ms);
    on_served = [&](const std::string& name) {
        if (name == "a2") start_for("192.0.2.4", "d1");  // a new one, before what is left of the others
        if (name == "d1") start_for("198.51.100.2", "b2");
    };
    pool->release(std::move(held));
    run_until_served(8);
    EXPECT_EQ(served, (Names{"a1", "b1", "c1", "a2", "c2", "d1", "b2", "a3"}));
}

// Addresses of an IPv6 /48 cost nothing: each is another client, and all are one network.
TEST_F(Pool, serves_networks_in_turns) {
    hold();
    for (int i = 0; i < 200; ++i)
        start_for("2001:db8:bad:" + std::to_string(i) + "::1", "crowd");
    context->run_for(60ms);
    start_for("192.0.2.1", "good 1");
    start_for("192.0.2.1", "good 2");
    on_served = [&](const std::string& name) {
        if (name == "good 2") start_for("192.0.2.2", "good 3");
    };
    pool->release(std::move(held));
    run_until_served(60);
    const auto crowd = [&](const std::string& name) {
        return std::count(served.begin(), std::find(served.begin(), served.end(), name), "crowd");
    };
    EXPECT_LE(crowd("good 1"), 1);
    EXPECT_LE(crowd("good 2"), 10);
    EXPECT_LE(crowd("good 3"), 20);
}

// Four addresses held all connections for as long as they liked, with a recipient each 0.3 s.
TEST_F(Pool, counts_the_time_that_a_client_takes_in_all) {
    hold();
    start("quick");
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (held && std::chrono::steady_clock::now() < end) {
        held->wait_for_client(held);
        context->run_for(30ms);
        if (held) asio::co_spawn(*context, held->exchange(1s), asio::detached);  // the client has gone on
        context->run_for(1ms);
    }
    EXPECT_FALSE(held) << "it was taken from the client";
    run_until_served(1);
    EXPECT_EQ(served, (Names{"quick"}));
}

TEST_F(Pool, serves_our_own_machines_first) {
    hold();
    start("whole", true);
    start_for("192.0.2.1", "stranger");
    start_for("10.0.0.1", "own 1", true);
    start_for("10.0.0.1", "own 2", true);
    start_for("10.0.0.2", "own 3", true);
    context->run_for(60ms);
    pool->release(std::move(held));
    run_until_served(5);
    EXPECT_EQ(served, (Names{"own 1", "own 3", "own 2", "whole", "stranger"}));
}

// Whatever strangers do with theirs: large messages took all for seconds.
TEST_F(Pool, keeps_an_eighth_for_our_own_machines) {
    end();
    begin(30s, 8);
    std::vector<Connection> of_strangers;
    for (int i = 0; i < 7; ++i) {
        hold(claim_of("198.51." + std::to_string(i) + ".1"));
        of_strangers.push_back(std::move(held));
    }
    start_for("192.0.2.1", "stranger");
    context->run_for(120ms);
    EXPECT_TRUE(served.empty());
    start_for("10.0.0.1", "own", true);
    run_until_served(1);
    EXPECT_EQ(served, Names{"own"});
    pool->release(std::move(of_strangers.back()));
    run_until_served(2);
    EXPECT_EQ(served, (Names{"own", "stranger"}));
    of_strangers.clear();
}

TEST_F(Pool, serves_the_next_where_a_connection_ends) {
    hold();
    start("1");
    start("2");
    context->run_for(20ms);
    held.reset();
    run_until_served(2);
    EXPECT_EQ(served, (Names{"1", "2"}));
    EXPECT_EQ(server->connections, 2);
}

// Its place is taken by the transaction that found it so, and not by one that waits, too.
TEST_F(Pool, drops_an_idle_connection_on_which_something_waits) {
    hold();
    pool->release(std::move(held));
    server->say_unasked("250 stale\r\n");
    for (const auto* name : {"1", "2", "3"})
        start(name);
    run_until_served(3);
    EXPECT_EQ(served, (Names{"1", "2", "3"}));
    EXPECT_EQ(server->connections, 2);
}

TEST_F(Pool, forgets_one_that_waits_no_more) {
    hold();
    asio::cancellation_signal first;
    asio::cancellation_signal second;
    start("1", first);
    start("2", second);
    start("3");
    context->run_for(60ms);
    first.emit(asio::cancellation_type::terminal);
    context->run_for(120ms);
    // The second is called and gives up before it goes on: its turn is the next one's.
    pool->release(std::move(held));
    second.emit(asio::cancellation_type::terminal);
    run_until_served(1);
    context->run_for(120ms);
    ASSERT_FALSE(served.empty());
    EXPECT_EQ(served.back(), "3");
    EXPECT_EQ(std::count(served.begin(), served.end(), "1"), 0);
    start("4");
    run_until_served(served.size() + 1);
    EXPECT_EQ(served.back(), "4");
}

// A worker that is stopped: the frames go with its io_context, the waiting ones too, in whatever order
// (AddressSanitizer sees to it that none is looked at afterwards).
TEST_F(Pool, survives_frames_that_are_destroyed) {
    for (const bool called : {false, true}) {
        SCOPED_TRACE(called);
        hold();
        for (const auto* name : {"1", "2", "3"})
            start(name, name[0] == '2');
        context->run_for(20ms);
        if (called)
            pool->release(std::move(held));
        else
            held.reset();
        end();
        EXPECT_TRUE(served.empty());
        begin(30s);
    }
}

TEST_F(Pool, gives_up_after_a_while) {
    end();
    begin(80ms);
    hold();
    Connection first = std::move(held);
    std::string problem;
    bool done = false;
    asio::co_spawn(*context, take_and_hold({}, problem, done), asio::detached);
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!done && std::chrono::steady_clock::now() < end)
        context->run_one_for(100ms);
    EXPECT_FALSE(held);
    EXPECT_EQ(problem, "all connections to the downstream servers are in use");
    // Its place in the queue is nobody's: what comes back can be had at once.
    pool->release(std::move(first));
    start("next");
    run_until_served(1);
    EXPECT_EQ(served, Names{"next"});
}

}  // namespace
}  // namespace gatepost::server::relay
