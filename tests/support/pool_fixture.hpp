// A pool of connections to a downstream server, and transactions that take one, wait for it or keep it.
#pragma once

#include "tests/support/failing_server.hpp"

#include "server/relay/relay_pool.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::tests {

class PoolFixture : public testing::Test {
  protected:
    using Connection = std::unique_ptr<server::relay::RelayConnection>;
    using Names = std::vector<std::string>;

    PoolFixture() { begin(std::chrono::seconds(30)); }
    ~PoolFixture() override { end(); }

    void begin(std::chrono::milliseconds room_time, std::size_t connections = 1) {
        server::relay::PoolLimits limits;
        limits.connections = connections;
        limits.room_time = room_time;
        context = std::make_unique<boost::asio::io_context>();
        downstream = std::make_shared<server::relay::DownstreamState>(1);
        server.emplace(*context, "");
        pool.emplace(context->get_executor(),
                     std::vector<config::ServerDestination>{{"127.0.0.1", server->port()}}, "mx.example",
                     downstream, limits);
    }

    // As a worker does.
    void end() {
        held.reset();
        kept.clear();
        pool.reset();
        server.reset();
        context.reset();
    }

    // Takes the connection, notes who it is, gives way to others and gives it back.
    boost::asio::awaitable<void> take(std::string name, bool urgent, dns::Claim claim) {
        server::relay::Attempts attempts = pool->attempts(std::chrono::minutes(1));
        std::string problem;
        Connection connection = co_await pool->acquire(attempts, claim, urgent, problem);
        EXPECT_TRUE(connection) << problem;
        served.push_back(name);
        if (on_served) on_served(name);
        co_await boost::asio::post(*context, boost::asio::use_awaitable);
        pool->release(std::move(connection));
    }

    void start(const std::string& name, bool urgent = false, dns::Claim claim = {}) {
        boost::asio::co_spawn(*context, take(name, urgent, claim), boost::asio::detached);
    }

    void start_for(const std::string& client, const std::string& name, bool is_named = false) {
        start(name, false, claim_of(client, is_named));
    }

    // It gives up when `signal` says so.
    void start(const std::string& name, boost::asio::cancellation_signal& signal) {
        boost::asio::co_spawn(*context, take(name, false, {}),
                              boost::asio::bind_cancellation_slot(signal.slot(), boost::asio::detached));
    }

    boost::asio::awaitable<void> take_and_hold(dns::Claim claim, std::string& problem, bool& done) {
        server::relay::Attempts attempts = pool->attempts(std::chrono::minutes(1));
        held = co_await pool->acquire(attempts, claim, false, problem);
        done = true;
    }

    void hold(const dns::Claim& claim = {}) {
        std::string problem;
        bool done = false;
        boost::asio::co_spawn(*context, take_and_hold(claim, problem, done), boost::asio::detached);
        while (!done)
            context->run_one();
        ASSERT_TRUE(held) << problem;
    }

    // Takes a connection and gives it back only when the test does.
    boost::asio::awaitable<void> take_and_keep(dns::Claim claim) {
        server::relay::Attempts attempts = pool->attempts(std::chrono::minutes(1));
        std::string problem;
        Connection connection = co_await pool->acquire(attempts, claim, false, problem);
        if (connection)
            kept[claim.client].push_back(std::move(connection));
        else
            problems.push_back(problem);
    }

    static dns::Claim claim_of(const std::string& client, bool is_named = false) {
        return {dns::IpAddress::parse(client).value(), is_named};
    }

    void keep(const std::string& client, int times, bool is_named = false) {
        for (int i = 0; i < times; ++i)
            boost::asio::co_spawn(*context, take_and_keep(claim_of(client, is_named)), boost::asio::detached);
    }

    std::vector<Connection>& kept_of(const std::string& client) { return kept[claim_of(client).client]; }

    void run_until_served(std::size_t count) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (served.size() < count && std::chrono::steady_clock::now() < end)
            context->run_one_for(std::chrono::milliseconds(100));
        context->run_for(std::chrono::milliseconds(10));  // none is served twice
    }

    std::unique_ptr<boost::asio::io_context> context;
    std::optional<FailingServer> server;
    std::optional<server::relay::RelayPool> pool;
    std::shared_ptr<server::relay::DownstreamState> downstream;
    Connection held;
    std::map<dns::IpAddress, std::vector<Connection>> kept;
    std::vector<std::string> problems;  // of those that kept none
    std::vector<std::string> served;
    std::function<void(const std::string&)> on_served;
};

}  // namespace gatepost::tests
