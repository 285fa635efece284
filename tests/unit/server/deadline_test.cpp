#include "server/deadline.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;

class DeadlineTest : public testing::Test {
  protected:
    DeadlineTest() : deadline(std::in_place, context.get_executor(), [this] { ++calls; }) {}

    boost::asio::io_context context;
    int calls = 0;
    std::optional<Deadline> deadline;
};

TEST_F(DeadlineTest, moves_and_clears) {
    deadline->expires_after(10ms);
    deadline->expires_after(150ms);
    context.run_for(50ms);
    EXPECT_EQ(calls, 0);
    deadline->expires_after(1ms);  // nearer
    context.restart();
    context.run_for(50ms);
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(deadline->has_expired());
    deadline->clear();
    EXPECT_FALSE(deadline->is_set());
    deadline->expires_after(1h);
    EXPECT_FALSE(deadline->has_expired());
    deadline.reset();
    context.restart();
    context.run_for(10s);  // ends at once: nothing is left to wait for
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(context.stopped());
}

// The first cancellation may fall between two steps of an operation.
TEST_F(DeadlineTest, calls_again_until_it_is_cleared) {
    deadline->expires_after(1ms);
    context.run_for(1300ms);
    EXPECT_EQ(calls, 2);
    deadline->clear();
    context.restart();
    context.run_for(1300ms);
    EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace gatepost::server
