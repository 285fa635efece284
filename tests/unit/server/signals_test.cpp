#include "server/signals.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;

// As a script does that asks for a reload after each line that it changes.
TEST(Signals, an_end_does_not_wait_behind_reloads) {
    boost::asio::io_context context{1};
    int reloads = 0, ends = 0;
    Signals signals(context.get_executor(), {[&] {
                                                 ++reloads;
                                                 std::this_thread::sleep_for(5ms);
                                             },
                                             [&] {
                                                 ++ends;
                                                 signals.release();
                                                 context.stop();
                                             }});
    signals.watch();
    for (int i = 0; i < 500; ++i)
        std::raise(SIGHUP);
    std::raise(SIGTERM);
    context.run();
    EXPECT_EQ(ends, 1);
    EXPECT_LE(reloads, 1);
}

TEST(Signals, reloads_once_however_often_it_was_asked_meanwhile) {
    boost::asio::io_context context{1};
    int reloads = 0;
    Signals signals(context.get_executor(), {[&] {
                                                 if (++reloads == 2) return context.stop();
                                                 for (int i = 0; i < 500; ++i)
                                                     std::raise(SIGHUP);
                                             },
                                             [] {
                                             }});
    signals.watch();
    std::raise(SIGHUP);
    const auto begin = std::chrono::steady_clock::now();
    context.run();
    EXPECT_EQ(reloads, 2);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, Signals::rest);
}

}  // namespace
}  // namespace gatepost::server
