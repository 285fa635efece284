#include "dns/task_group.hpp"

#include "tests/support/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace gatepost::dns {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> sleep_then_append(std::chrono::milliseconds time, std::string& log, char mark) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
    log += mark;
}

asio::awaitable<void> fail_at_once() {
    throw std::runtime_error("broken");
    co_return;
}

asio::awaitable<std::string> run_two() {
    std::string log;
    TaskGroup group(co_await asio::this_coro::executor);
    group.start(sleep_then_append(20ms, log, 'b'));
    group.start(sleep_then_append(1ms, log, 'a'));
    EXPECT_FALSE(group.is_idle());
    co_await group.join();
    EXPECT_TRUE(group.is_idle());
    co_await group.join();  // again: nothing to wait for
    co_return log;
}

TEST(TaskGroup, runs_its_tasks_side_by_side) {
    EXPECT_EQ(tests::run(run_two()), "ab");
}

asio::awaitable<std::string> run_and_cancel() {
    std::string log;
    TaskGroup group(co_await asio::this_coro::executor);
    group.start(sleep_then_append(1h, log, 'a'));
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    group.cancel();
    bool aborted = false;
    try {
        co_await group.join();
    } catch (const boost::system::system_error& error) {
        aborted = error.code() == asio::error::operation_aborted;
    }
    co_return aborted ? "aborted" : "ended";
}

TEST(TaskGroup, cancels_what_sleeps) {
    EXPECT_EQ(tests::run(run_and_cancel()), "aborted");
}

asio::awaitable<int> run_none() {
    TaskGroup group(co_await asio::this_coro::executor);
    EXPECT_TRUE(group.is_idle());
    group.cancel();
    co_await group.join();
    co_return static_cast<int>(group.running());
}

TEST(TaskGroup, has_nothing_to_join_without_tasks) {
    EXPECT_EQ(tests::run(run_none()), 0);
}

asio::awaitable<int> run_failed_before() {
    TaskGroup group(co_await asio::this_coro::executor);
    group.start(fail_at_once());
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    EXPECT_EQ(group.running(), 0U);
    EXPECT_FALSE(group.is_idle()) << "join() has something to throw";
    int caught = 0;
    try {
        co_await group.join();
    } catch (const std::runtime_error&) {
        caught = 1;
    }
    co_return caught;
}

TEST(TaskGroup, keeps_a_failure_for_join) {
    EXPECT_EQ(tests::run(run_failed_before()), 1);
}

asio::awaitable<int> run_failing() {
    std::string log;
    TaskGroup group(co_await asio::this_coro::executor);
    group.start(fail_at_once());
    group.start(sleep_then_append(1ms, log, 'a'));
    int caught = 0;
    try {
        co_await group.join();
    } catch (const std::runtime_error&) {
        caught = 1;
    }
    co_return caught + (log == "a" ? 1 : 0);
}

TEST(TaskGroup, waits_for_all_before_it_throws) {
    EXPECT_EQ(tests::run(run_failing()), 2);
}

asio::awaitable<void> outer(bool& child_ended) {
    struct Mark {
        bool& flag;
        explicit Mark(bool& f) : flag(f) {}
        ~Mark() { flag = true; }
    };
    std::string log;
    TaskGroup group(co_await asio::this_coro::executor);
    group.start(sleep_then_append(1h, log, 'a'));
    const Mark mark(child_ended);
    co_await group.join();
}

asio::awaitable<int> run_nested() {
    bool child_ended = false;
    TaskGroup group(co_await asio::this_coro::executor);
    group.start(outer(child_ended));
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    group.cancel();
    try {
        co_await group.join();
    } catch (const boost::system::system_error&) {}
    co_return child_ended ? 1 : 0;
}

TEST(TaskGroup, passes_its_cancellation_down) {
    EXPECT_EQ(tests::run(run_nested()), 1);
}

asio::awaitable<void> sleep_for(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> own_one_task(std::chrono::milliseconds of_task, std::chrono::milliseconds own) {
    TaskGroup group(co_await asio::this_coro::executor);
    group.start(sleep_for(of_task));
    co_await sleep_for(own);
}

// An io_context that ends destroys the frames that wait on it, task and owner in no order that we know. For
// AddressSanitizer.
TEST(TaskGroup, may_go_with_its_tasks_in_any_order) {
    for (const auto& [of_task, own] : {std::pair{1h, 2h}, std::pair{2h, 1h}}) {
        for (int turns = 0; turns < 6; ++turns) {
            asio::io_context context(1);
            asio::co_spawn(context, own_one_task(of_task, own), asio::detached);
            asio::co_spawn(context, own_one_task(own, of_task), asio::detached);
            for (int turn = 0; turn < turns; ++turn)
                context.poll_one();
        }
    }
}

}  // namespace
}  // namespace gatepost::dns
