#include "server/host_lookup.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace gatepost::server {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Addresses = std::vector<std::string>;

struct Outcome {
    bool is_there = false;
    Addresses addresses;
    boost::system::error_code error;
};

asio::awaitable<void> look_up(asio::io_context& context, std::string host, std::chrono::milliseconds timeout,
                              Outcome& outcome) {
    outcome.addresses =
        co_await look_up_host(context.get_executor(), std::move(host), timeout, outcome.error);
    outcome.is_there = true;
}

TEST(HostLookup, gives_addresses_of_the_system) {
    asio::io_context context;
    Outcome address, address6, name, again, none;
    asio::co_spawn(context, look_up(context, "192.0.2.25", 0ms, address), asio::detached);
    asio::co_spawn(context, look_up(context, "2001:db8::25", 0ms, address6), asio::detached);
    asio::co_spawn(context, look_up(context, "localhost", 20s, name), asio::detached);
    asio::co_spawn(context, look_up(context, "localhost", 20s, again), asio::detached);
    asio::co_spawn(context, look_up(context, "not a host name", 60s, none), asio::detached);
    context.run_for(60s);
    EXPECT_EQ(address.addresses, Addresses{"192.0.2.25"});
    EXPECT_EQ(address6.addresses, Addresses{"2001:db8::25"});
    EXPECT_FALSE(name.error) << name.error.message();
    const auto& found = name.addresses;
    EXPECT_TRUE(std::count(found.begin(), found.end(), "127.0.0.1") == 1 ||
                std::count(found.begin(), found.end(), "::1") == 1);
    EXPECT_EQ(again.addresses, name.addresses);
    ASSERT_TRUE(none.is_there);
    EXPECT_TRUE(none.error);
    EXPECT_TRUE(none.addresses.empty());
}

// Whoever waits may go at any moment: by its time, or with its io_context, as at the end of the process.
TEST(HostLookup, is_left_at_any_moment) {
    for (int i = 0; i < 200; ++i) {
        auto context = std::make_unique<asio::io_context>();
        Outcome late, gone;
        asio::co_spawn(*context, look_up(*context, "localhost", 0ms, late), asio::detached);
        asio::co_spawn(*context, look_up(*context, "localhost", 20s, gone), asio::detached);
        context->run_for(std::chrono::microseconds(i * 5));
        context.reset();
        EXPECT_TRUE(!late.is_there || late.error == asio::error::timed_out || !late.addresses.empty());
    }
}

}  // namespace
}  // namespace gatepost::server
