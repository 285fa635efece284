#include "server/file_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

namespace gatepost::server {
namespace {

// A forced stop: the sessions go while a disk is slow. What is under way ends before they do, and what waits
// behind it touches nothing.
TEST(FilePoolTest, stop_waits_for_what_is_under_way) {
    std::atomic<bool> begun = false;
    bool ended = false;
    bool waiting_ran = false;
    FilePool files(1);
    {
        boost::asio::io_context context;
        const auto slow = [&] {
            begun = true;
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            ended = true;
        };
        const auto waiting = [&] {
            waiting_ran = true;
        };
        boost::asio::co_spawn(context, files.run(slow), boost::asio::detached);
        boost::asio::co_spawn(context, files.run(waiting), boost::asio::detached);
        while (!begun)
            context.poll_one();
        context.stop();
        files.stop();
        EXPECT_TRUE(ended);
    }
    EXPECT_FALSE(waiting_ran);
}

}  // namespace
}  // namespace gatepost::server
