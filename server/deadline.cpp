#include "server/deadline.hpp"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace gatepost::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto repeat_time =
    std::chrono::seconds(1);  // local: a cancellation that met nothing is made up for

}  // namespace

struct Deadline::State : std::enable_shared_from_this<State> {
    State(boost::asio::any_io_executor executor, std::function<void()> call)
        : timer(std::move(executor)), on_expiry(std::move(call)) {}

    boost::asio::steady_timer timer;
    std::function<void()> on_expiry;
    Clock::time_point at = Clock::time_point::max();
    bool watching = false;
    bool expired = false;

    void watch() {
        watching = true;
        timer.expires_at(at);
        timer.async_wait([self = shared_from_this()](const boost::system::error_code&) { self->wake(); });
    }

    void wake() {
        watching = false;
        if (!on_expiry || at == Clock::time_point::max()) return;
        if (Clock::now() < at) return watch();
        at = Clock::now() + repeat_time;
        expired = true;
        on_expiry();
        const bool is_still_set = on_expiry && at != Clock::time_point::max();
        if (is_still_set && !watching) watch();
    }
};

Deadline::Deadline(boost::asio::any_io_executor executor, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(std::move(executor), std::move(on_expiry))) {}

Deadline::~Deadline() {
    state_->on_expiry = nullptr;
    state_->timer.cancel();
}

void Deadline::expires_after(std::chrono::milliseconds time) {
    State& state = *state_;
    state.expired = false;
    state.at = Clock::now() + time;
    if (!state.watching)
        state.watch();
    else if (state.at < state.timer.expiry())
        state.timer.cancel();  // wakes, and watches the nearer moment
}

void Deadline::clear() {
    state_->at = Clock::time_point::max();
}

bool Deadline::is_set() const {
    return state_->at != Clock::time_point::max();
}

bool Deadline::has_expired() const {
    return state_->expired;
}

}  // namespace gatepost::server
