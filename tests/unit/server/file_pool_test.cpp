#include "server/file_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace gatepost::server {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

// Operations on a disk that does nothing until the test lets it.
class FilePoolTest : public testing::Test {
  protected:
    ~FilePoolTest() override { go_on(); }

    static dns::Claim claim_of(const std::string& client, bool is_named = false) {
        return {dns::IpAddress::parse(client).value(), is_named};
    }
    void note(const std::string& name) {
        const std::lock_guard lock(mutex);
        carried_out.push_back(name);
    }
    // Notes that it is let go of.
    std::shared_ptr<void> noted(const std::string& name) {
        return {this, [this, name](void*) {
                    note(name);
                }};
    }
    Names names() {
        const std::lock_guard lock(mutex);
        return carried_out;
    }
    // Waits for the disk.
    void hang(FilePool& files, const std::string& client, int times) {
        for (int i = 0; i < times; ++i) {
            auto work = [this] {
                ++hanging;
                disk.wait();
            };
            asio::co_spawn(context, files.run(claim_of(client), work), asio::detached);
        }
        context.run_for(1ms);
    }
    // So many do, and no more.
    bool is_hanging(int times) {
        const auto end = std::chrono::steady_clock::now() + 2s;
        while (hanging < times && std::chrono::steady_clock::now() < end)
            context.run_for(1ms);
        context.run_for(20ms);
        return hanging == times;
    }
    void start(FilePool& files, const std::string& client, const std::string& name, bool is_named = false) {
        auto work = [this, name] {
            note(name);
        };
        asio::co_spawn(context, files.run(claim_of(client, is_named), work), asio::detached);
        context.run_for(1ms);
    }
    bool is_carried_out(const std::string& name) {
        const auto end = std::chrono::steady_clock::now() + 2s;
        while (std::chrono::steady_clock::now() < end) {
            context.run_for(1ms);
            const Names all = names();
            if (std::find(all.begin(), all.end(), name) != all.end()) return true;
        }
        return false;
    }
    void go_on() {
        if (!std::exchange(is_well, true)) well.set_value();
    }

    asio::io_context context;
    std::promise<void> well;
    bool is_well = false;
    std::shared_future<void> disk{well.get_future()};
    std::atomic<int> hanging = 0;
    std::mutex mutex;
    Names carried_out;
};

// One client's large messages made everybody wait for a slow disk.
TEST_F(FilePoolTest, many_of_one_client_leave_threads_to_others) {
    FilePool files(16);
    hang(files, "192.0.2.1", 200);
    start(files, "198.51.100.1", "other");
    EXPECT_TRUE(is_carried_out("other"));
    EXPECT_TRUE(is_hanging(5)) << hanging;
    for (int i = 2; i < 200; ++i)
        hang(files, "192.0.2." + std::to_string(i), 1);
    start(files, "198.51.100.1", "another");
    EXPECT_TRUE(is_carried_out("another"));
    EXPECT_TRUE(is_hanging(8)) << hanging;
    go_on();
}

TEST_F(FilePoolTest, our_own_machines_come_first_and_have_threads_of_their_own) {
    FilePool files(16);
    for (int i = 0; i < 50; ++i)
        hang(files, "10." + std::to_string(i) + ".0.1", 1);
    EXPECT_TRUE(is_hanging(14)) << hanging;
    start(files, "192.0.2.1", "stranger");
    start(files, "10.0.0.1", "own", true);
    EXPECT_TRUE(is_carried_out("own"));
    EXPECT_EQ(names(), Names{"own"});
    go_on();
    EXPECT_TRUE(is_carried_out("stranger"));
}

TEST_F(FilePoolTest, clients_take_turns) {
    FilePool files(1);
    hang(files, "192.0.2.1", 1);
    EXPECT_TRUE(is_hanging(1));
    for (const auto* name : {"a1", "a2", "a3"})
        start(files, "192.0.2.1", name);
    start(files, "198.51.100.1", "b1");
    start(files, "10.0.0.1", "own", true);
    files.release(claim_of("203.0.113.1"), noted("released"));
    go_on();
    EXPECT_TRUE(is_carried_out("a3"));
    EXPECT_EQ(names(), (Names{"own", "a1", "b1", "released", "a2", "a3"}));
}

// It is the sender's own next message that waits behind the files that it has left.
TEST_F(FilePoolTest, what_a_client_lets_go_of_stands_before_its_next_operation) {
    FilePool files(1);
    hang(files, "192.0.2.1", 1);
    EXPECT_TRUE(is_hanging(1));
    for (int i = 0; i < 3; ++i)
        files.release(claim_of("192.0.2.1"), noted("gone"));
    start(files, "192.0.2.1", "next");
    go_on();
    EXPECT_TRUE(is_carried_out("next"));
    EXPECT_EQ(names(), (Names{"gone", "gone", "gone", "next"}));
}

TEST_F(FilePoolTest, passes_on_what_the_work_throws) {
    FilePool files(2);
    std::string what;
    const auto told = [&](std::exception_ptr problem) {
        try {
            if (problem) std::rethrow_exception(problem);
        } catch (const std::exception& error) {
            what = error.what();
        }
    };
    const auto work = [] {
        throw std::runtime_error("no disk");
    };
    asio::co_spawn(context, files.run({}, work), told);
    context.run();
    EXPECT_EQ(what, "no disk");
}

TEST_F(FilePoolTest, ends_when_all_is_carried_out) {
    {
        FilePool files(2);
        for (int i = 0; i < 20; ++i)
            files.release({}, noted("gone"));
    }
    EXPECT_EQ(names().size(), 20);
}

// A forced stop: the sessions go while a disk is slow. What is under way ends before they do, and what waits
// behind it touches nothing.
TEST(FilePoolStop, waits_for_what_is_under_way) {
    std::atomic<bool> begun = false;
    bool ended = false;
    bool waiting_ran = false;
    FilePool files(1);
    {
        asio::io_context context;
        const auto slow = [&] {
            begun = true;
            std::this_thread::sleep_for(100ms);
            ended = true;
        };
        const auto waiting = [&] {
            waiting_ran = true;
        };
        asio::co_spawn(context, files.run({}, slow), asio::detached);
        asio::co_spawn(context, files.run({}, waiting), asio::detached);
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
