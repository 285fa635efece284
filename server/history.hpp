// Tells the store what to keep: history.keep and history.max_size as they are in force.
#pragma once

#include "server/runtime.hpp"

#include "config/config.hpp"

#include "reports/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>

namespace gatepost::server {

// The day that old rows are told by: today, but where the clock has jumped ahead it follows by a day an hour,
// so that years of history do not go in a minute. Behind the clock it is always; days are UTC days.
class PruningDay {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    // `last`: as it was before the start; nullopt: today is believed.
    explicit PruningDay(std::optional<std::chrono::sys_days> last) : last_(last) {}

    std::chrono::sys_days on(std::chrono::sys_days today, TimePoint now);

  private:
    std::optional<std::chrono::sys_days> last_;
    std::optional<TimePoint> moved_;
};

// What is kept on this day (UTC).
reports::store::Retention retention_on(std::chrono::sys_days today, const config::History& history);

// Once a minute, until cancelled. Both outlive it.
boost::asio::awaitable<void> keep_history(reports::store::Store& store, const CurrentRuntime& runtime);

}  // namespace gatepost::server
