// What one client, and one network, may have of the connections to the downstream servers, and who is served
// meanwhile.
#include "tests/support/pool_fixture.hpp"

#include "server/relay/relay_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace gatepost::server::relay {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// 24 connections, of which three are for named clients alone.
class RelayShares : public tests::PoolFixture {
  protected:
    RelayShares() { renew(30s); }

    void renew(std::chrono::milliseconds room_time) {
        end();
        begin(room_time, 24);
    }
    void settle() { context->run_for(60ms); }
    // On a busy machine too.
    void settle_with(std::size_t count) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (kept_of_all() < count && std::chrono::steady_clock::now() < end)
            context->run_one_for(100ms);
        settle();
        ASSERT_EQ(kept_of_all(), count);
    }
    std::size_t kept_of_all() {
        return std::accumulate(kept.begin(), kept.end(), std::size_t{0},
                               [](std::size_t sum, const auto& of) { return sum + of.second.size(); });
    }
    // All that strangers may have: one for each of 21 networks.
    void take_all() {
        for (int i = 0; i < 21; ++i)
            keep("198.18." + std::to_string(i) + ".1", 1);
        settle_with(21);
    }
};

// 200 messages of four addresses, to a recipient whose reply takes a minute, held all of them.
TEST_F(RelayShares, four_clients_leave_some_free) {
    for (const auto* client : {"192.0.2.1", "198.51.100.1", "100.64.0.1", "198.18.0.1"})
        keep(client, 50);
    settle_with(18);  // 8, 5, 3 and 2, as they come: then twice as many are not free any more
    start_for("203.0.113.1", "good");
    run_until_served(1);
    EXPECT_EQ(served, Names{"good"});
}

TEST_F(RelayShares, a_client_alone_has_a_third) {
    keep("192.0.2.1", 50);
    settle_with(8);
}

TEST_F(RelayShares, a_network_has_half) {
    for (int i = 0; i < 50; ++i)
        keep("2001:db8:bad:" + std::to_string(i) + "::1", 1);
    settle_with(11);
    start_for("2001:db8:900d::1", "good");
    run_until_served(1);
    EXPECT_EQ(served, Names{"good"});
}

TEST_F(RelayShares, named_clients_have_no_bound_but_the_whole) {
    keep("10.0.0.1", 50, true);
    settle_with(24);
}

// Whoever gives one back may have another, and who waits behind him is not held up by those whose share is
// used up.
TEST_F(RelayShares, serves_past_those_whose_share_is_used_up) {
    take_all();
    std::vector<Connection>& first = kept_of("198.18.0.1");
    for (const auto* name : {"a1", "a2", "a3"})
        start_for("198.18.1.1", name);
    start_for("203.0.113.1", "good");
    settle();
    EXPECT_EQ(served, Names());
    first.clear();
    run_until_served(1);
    EXPECT_EQ(served, Names{"good"}) << "one is free, and a has one already";
    kept.erase(claim_of("198.18.2.1").client);  // with the good client's, two are free
    run_until_served(4);
    EXPECT_EQ(served, (Names{"good", "a1", "a2", "a3"}));
}

// Beside a crowd of thousands, the work to find him is that of a few, and he is found.
TEST_F(RelayShares, finds_who_is_next_behind_a_crowd_of_one_network) {
    keep("2001:db8:bad::1", 50);
    keep("2001:db8:bad:1::1", 50);
    settle_with(11);
    for (int i = 2; i < 3002; ++i)
        start_for("2001:db8:bad:" + std::to_string(i) + "::1", "crowd");
    settle();
    EXPECT_EQ(served, Names());
    for (int i = 0; i < 10; ++i)
        keep("198.18." + std::to_string(i) + ".1", 1);
    start_for("203.0.113.1", "good 1");
    start_for("203.0.113.1", "good 2");
    settle_with(21);
    kept.erase(claim_of("198.18.0.1").client);
    run_until_served(2);
    ASSERT_GE(served.size(), 2);
    EXPECT_EQ(served[0], "good 1");
    EXPECT_EQ(served[1], "good 2");
}

// A server that hangs in its greeting: what is not open yet counts, too.
TEST_F(RelayShares, charges_for_connections_that_are_being_opened) {
    server->fault = {"greeting", std::string(tests::hung)};
    for (const auto* client : {"192.0.2.1", "198.51.100.1", "100.64.0.1", "198.18.0.1"})
        keep(client, 50);
    settle();
    EXPECT_EQ(server->connections, 18);
    server->fault = {};
    start_for("203.0.113.1", "good");
    run_until_served(1);
    EXPECT_EQ(served, Names{"good"});
}

// Given back, or closed, it counts no more.
TEST_F(RelayShares, charges_until_it_is_given_back_or_gone) {
    keep("192.0.2.1", 10);
    settle_with(8);
    kept_of("192.0.2.1").pop_back();
    settle_with(8);
    pool->release(std::move(kept_of("192.0.2.1").back()));
    kept_of("192.0.2.1").pop_back();
    settle_with(8);
    EXPECT_EQ(server->connections, 9);
}

// A server that hangs at RSET: the connection is its client's until it is nobody's.
TEST_F(RelayShares, charges_while_a_connection_is_being_reset) {
    server->fault = {"RSET", std::string(tests::hung)};
    keep("192.0.2.1", 8);
    settle();
    std::vector<Connection>& own = kept_of("192.0.2.1");
    ASSERT_EQ(own.size(), 8);
    for (std::size_t i = 0; i < 2; ++i) {
        own[i]->session().start_transaction(smtp::Envelope(), nullptr);
        asio::co_spawn(*context, own[i]->exchange(1s), asio::detached);
        settle();
        own[i]->wait_for_client(own[i]);
    }
    start_for("192.0.2.1", "1");
    start_for("192.0.2.1", "2");
    context->run_for(2s);
    EXPECT_FALSE(own[0]) << "its client took too long";
    EXPECT_FALSE(own[1]) << "its client took too long";
    start_for("192.0.2.1", "3");
    settle();
    EXPECT_EQ(served, Names());
    EXPECT_EQ(server->connections, 8);
    run_until_served(3);  // RSET has five seconds
    EXPECT_EQ(served, (Names{"1", "2", "3"}));
}

// Whose own share is used up takes nobody else's, however long that one has waited for its client.
TEST_F(RelayShares, takes_from_its_own_where_its_share_is_used_up) {
    hold(claim_of("203.0.113.1"));
    held->wait_for_client(held);
    keep("192.0.2.1", 50);
    settle();
    context->run_for(1s);
    std::vector<Connection>& own = kept_of("192.0.2.1");
    const std::size_t before = own.size();
    ASSERT_GT(before, 0);
    start_for("192.0.2.1", "next");
    own.front()->wait_for_client(own.front());
    for (int i = 0; i < 30 && served.empty(); ++i)
        context->run_for(50ms);
    EXPECT_TRUE(held) << "it was taken from the good client";
    EXPECT_FALSE(own.front()) << "its own goes to the one that waits";
}

// So that an operator sees it.
TEST_F(RelayShares, tells_who_waited_in_vain_and_why) {
    renew(80ms);
    keep("192.0.2.1", 9);
    context->run_for(200ms);
    EXPECT_EQ(problems, Names{"the client's share of the connections to the downstream servers is in use"});
    renew(80ms);
    problems.clear();
    take_all();
    const auto lacks = [&] {
        return downstream->counts(std::chrono::steady_clock::now()).are_connections_short;
    };
    EXPECT_FALSE(lacks());
    keep("203.0.113.1", 1);
    context->run_for(200ms);
    EXPECT_EQ(problems, Names{"all connections to the downstream servers are in use"});
    EXPECT_TRUE(lacks());
    const auto later = std::chrono::steady_clock::now() + 2min;
    const DownstreamCounts counts = downstream->counts(later);
    EXPECT_FALSE(counts.are_connections_short);
    EXPECT_EQ(counts.events[static_cast<std::size_t>(DownstreamEvent::no_connection)], 1);
}

}  // namespace
}  // namespace gatepost::server::relay
