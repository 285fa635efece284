#include "server/history.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace gatepost::server {
namespace asio = boost::asio;
namespace {

constexpr auto interval = std::chrono::minutes(1);      // local: soon enough for a reload and for a new day
constexpr auto time_for_a_day = std::chrono::hours(1);  // local: a jump of a year takes two weeks to act

}  // namespace

std::chrono::sys_days PruningDay::on(std::chrono::sys_days today, TimePoint now) {
    if (!last_) last_ = today;
    if (today > *last_ && (!moved_ || now - *moved_ >= time_for_a_day)) {
        *last_ += std::chrono::days(1);
        moved_ = now;
    }
    return std::min(today, *last_);
}

reports::store::Retention retention_on(std::chrono::sys_days today, const config::History& history) {
    // A day's report is sent on the day after it (RFC 9990 §3.1.1.4).
    const std::chrono::sys_days yesterday = today - std::chrono::days(1);
    const auto kept = std::chrono::floor<std::chrono::days>(history.keep);
    return {today - kept, history.max_size, yesterday, today};
}

asio::awaitable<void> keep_history(reports::store::Store& store, const CurrentRuntime& runtime) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    PruningDay day(store.pruning_day());
    for (;;) {
        const RuntimePtr in_force = runtime.get();
        const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
        store.keep(retention_on(day.on(today, std::chrono::steady_clock::now()), in_force->config.history));
        timer.expires_after(interval);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

}  // namespace gatepost::server
