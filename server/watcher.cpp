#include "server/watcher.hpp"

#include "server/log.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <string>

namespace gatepost::server {
namespace asio = boost::asio;

asio::awaitable<void> keep_running(Watcher watcher, Log& log) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        std::string problem = "it ended";
        try {
            co_await watcher.run();
        } catch (const std::exception& error) {
            problem = error.what();
        }
        LogEntry entry("watcher_failed", LogLevel::error);
        entry.with("watcher", watcher.name).with("problem", problem).with("note", "it begins anew");
        log.write(entry);
        boost::system::error_code woken;
        timer.expires_after(watcher.pause);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

}  // namespace gatepost::server
