// Tells the store what to keep: history.keep and history.max_size as they are in force.
#pragma once

#include "server/runtime.hpp"

#include "config/config.hpp"

#include "reports/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace gatepost::server {

// What is kept on this day (UTC).
reports::store::Retention retention_on(std::chrono::sys_days today, const config::History& history);

// Once a minute, until cancelled. Both outlive it.
boost::asio::awaitable<void> keep_history(reports::store::Store& store, const CurrentRuntime& runtime);

}  // namespace gatepost::server
