#include "server/signals.hpp"

#include <csignal>
#include <utility>

namespace gatepost::server {
using boost::system::error_code;

Signals::Signals(const boost::asio::any_io_executor& executor, Actions actions)
    : actions_(std::move(actions)),
      ends_(executor, SIGTERM, SIGINT),
      reloads_(executor, SIGHUP),
      next_reload_(executor) {}

void Signals::watch() {
    await_end();
    await_reload();
}

void Signals::release() {
    error_code ignored;
    ends_.clear(ignored);
    ends_.cancel(ignored);
    reloads_.cancel(ignored);
    next_reload_.cancel();
}

void Signals::await_end() {
    ends_.async_wait([this](error_code error, int) {
        if (error) return;
        await_end();
        actions_.end();
    });
}

void Signals::await_reload() {
    reloads_.async_wait([this](error_code error, int) {
        if (error) return;
        await_reload();
        if (!std::exchange(reload_is_due_, true)) reload_soon();
    });
}

void Signals::reload_soon() {
    next_reload_.expires_at(rested_);
    next_reload_.async_wait([this](error_code error) {
        if (error) return;
        reload_is_due_ = false;
        actions_.reload();
        rested_ = std::chrono::steady_clock::now() + rest;
    });
}

}  // namespace gatepost::server
