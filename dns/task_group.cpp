#include "dns/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <list>
#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;

struct TaskGroup::State {
    explicit State(asio::any_io_executor own) : executor(std::move(own)), all_ended(executor) {}

    asio::any_io_executor executor;
    std::list<asio::cancellation_signal> signals;
    asio::steady_timer all_ended;  // never expires: its cancellation is the news
    std::exception_ptr failure;

    void cancel() {
        // A task may end, and so leave the list, while its signal is emitted.
        for (auto signal = signals.begin(); signal != signals.end();)
            (signal++)->emit(asio::cancellation_type::terminal);
    }
};

TaskGroup::TaskGroup(asio::any_io_executor executor) : executor_(std::move(executor)) {}

TaskGroup::~TaskGroup() {
    cancel();
}

void TaskGroup::start(asio::awaitable<void> task) {
    if (!state_) state_ = std::make_shared<State>(executor_);
    State& state = *state_;
    const auto signal = state.signals.emplace(state.signals.end());
    auto ended = [shared = state_, signal](std::exception_ptr failure) {
        if (failure && !shared->failure) shared->failure = failure;
        shared->signals.erase(signal);
        if (shared->signals.empty()) shared->all_ended.cancel();
    };
    asio::co_spawn(state.executor, std::move(task),
                   asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
}

void TaskGroup::cancel() {
    if (state_) state_->cancel();
}

std::size_t TaskGroup::running() const {
    return state_ ? state_->signals.size() : 0;
}

bool TaskGroup::is_idle() const {
    return running() == 0 && (!state_ || !state_->failure);
}

asio::awaitable<void> TaskGroup::join() {
    return join_state(state_);
}

asio::awaitable<void> TaskGroup::join_state(std::shared_ptr<State> state) {
    if (!state) co_return;
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!state->signals.empty()) {
        boost::system::error_code woken;
        state->all_ended.expires_at(asio::steady_timer::time_point::max());
        co_await state->all_ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        const asio::cancellation_state cancelled = co_await asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != asio::cancellation_type::none) state->cancel();
    }
    const std::exception_ptr failure = std::exchange(state->failure, nullptr);
    if (failure) std::rethrow_exception(failure);
}

}  // namespace gatepost::dns
