#include "server/watcher.hpp"

#include "server/log.hpp"
#include "server/reload_state.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;

boost::asio::awaitable<void> run_once(int& runs, boost::asio::io_context& context) {
    if (++runs == 1) throw std::runtime_error("a bug");
    if (runs == 3) context.stop();
    co_return;
}

TEST(Watcher, begins_anew_whatever_ends_it) {
    boost::asio::io_context context;
    Log log{config::Log()};
    int runs = 0;
    Watcher watcher;
    watcher.name = "test";
    watcher.run = [&] {
        return run_once(runs, context);
    };
    watcher.pause = 1ms;
    testing::internal::CaptureStderr();
    boost::asio::co_spawn(context, keep_running(watcher, log), boost::asio::detached);
    context.run_for(20s);
    const std::string told = testing::internal::GetCapturedStderr();
    EXPECT_EQ(runs, 3);
    EXPECT_NE(told.find("watcher_failed watcher=test problem=\"a bug\""), std::string::npos) << told;
    EXPECT_NE(told.find("watcher_failed watcher=test problem=\"it ended\""), std::string::npos) << told;
}

TEST(ReloadState, warns_until_the_part_is_well_again) {
    using Part = ReloadState::Part;
    ReloadState state;
    EXPECT_TRUE(state.warnings().empty());
    EXPECT_TRUE(state.counts().last_successful);
    state.failed(Part::configuration, "gatepost.yaml:1:2: no");
    state.failed(Part::certificates, "key.pem: no");
    state.succeeded(Part::certificates);
    EXPECT_EQ(state.counts().failures, 2U);
    EXPECT_FALSE(state.counts().last_successful);
    ASSERT_EQ(state.warnings().size(), 1U);
    EXPECT_EQ(state.warnings().front(),
              "the configuration file was refused at the last reload, and what was in force is kept: "
              "gatepost.yaml:1:2: no");
    state.succeeded(Part::configuration);
    EXPECT_TRUE(state.warnings().empty());
    EXPECT_TRUE(state.counts().last_successful);
    EXPECT_EQ(state.counts().failures, 2U);
}

}  // namespace
}  // namespace gatepost::server
