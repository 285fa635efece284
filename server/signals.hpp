// The signals of the process (PRODUCT.md, Signals). Those that end it never stand behind reloads: SIGHUP may
// come again and again, and each reload takes its time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>

namespace gatepost::server {

class Signals {
  public:
    struct Actions {
        std::function<void()> reload;  // SIGHUP
        std::function<void()> end;     // SIGTERM or SIGINT, each time
    };
    // local: from the end of a reload to the next one. What is asked for meanwhile is one reload.
    static constexpr std::chrono::milliseconds rest{200};

    // Both actions run on the executor.
    Signals(const boost::asio::any_io_executor& executor, Actions actions);

    void watch();
    // From here on a signal has the system's own effect: it ends the process, wherever that hangs.
    void release();

  private:
    void await_end();
    void await_reload();
    void reload_soon();

    Actions actions_;
    boost::asio::signal_set ends_;
    boost::asio::signal_set reloads_;
    boost::asio::steady_timer next_reload_;
    std::chrono::steady_clock::time_point rested_{};
    bool reload_is_due_ = false;
};

}  // namespace gatepost::server
