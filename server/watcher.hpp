// Work that goes on in the background for as long as the server runs, such as a look at files every few
// seconds. A bug or a lack of memory in it must not end it unseen: what it throws is logged, and it begins
// anew.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <string_view>

namespace gatepost::server {

class Log;

struct Watcher {
    std::string_view name;  // for the log
    std::function<boost::asio::awaitable<void>()> run;
    // local: long enough that a watcher which throws each time does not fill the log.
    std::chrono::milliseconds pause{5'000};
};

// Runs until its executor stops; `log`, and what `watcher.run` refers to, outlives that.
boost::asio::awaitable<void> keep_running(Watcher watcher, Log& log);

}  // namespace gatepost::server
