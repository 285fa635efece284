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

struct TaskGroup::Task {
    asio::cancellation_signal signal;
    bool is_there = true;  // its coroutine's frame, which the signal leads into
};

struct TaskGroup::State {
    explicit State(asio::any_io_executor own) : executor(std::move(own)), all_ended(executor) {}

    asio::any_io_executor executor;
    std::list<Task> tasks;
    asio::steady_timer all_ended;  // never expires: its cancellation is the news
    std::exception_ptr failure;

    void cancel() {
        // A task may end, and so leave the list, while its signal is emitted.
        for (auto next = tasks.begin(); next != tasks.end();) {
            Task& task = *next++;
            if (task.is_there) task.signal.emit(asio::cancellation_type::terminal);
        }
    }
};

namespace {

// An io_context that goes destroys the frames of what waits on it, in no order: a task without having ended,
// perhaps, before the owner that would cancel it.
template <typename Task>
class Presence {
  public:
    explicit Presence(Task& task) : task_(task) {}
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
    ~Presence() { task_.is_there = false; }

  private:
    Task& task_;
};

}  // namespace

asio::awaitable<void> TaskGroup::run([[maybe_unused]] std::shared_ptr<State> state, Task& own,
                                     asio::awaitable<void> task) {
    const Presence<Task> presence(own);
    co_await std::move(task);
}

TaskGroup::TaskGroup(asio::any_io_executor executor) : executor_(std::move(executor)) {}

TaskGroup::~TaskGroup() {
    cancel();
}

void TaskGroup::start(asio::awaitable<void> task) {
    if (!state_) state_ = std::make_shared<State>(executor_);
    State& state = *state_;
    const auto own = state.tasks.emplace(state.tasks.end());
    auto ended = [shared = state_, own](std::exception_ptr failure) {
        if (failure && !shared->failure) shared->failure = failure;
        shared->tasks.erase(own);
        if (shared->tasks.empty()) shared->all_ended.cancel();
    };
    asio::co_spawn(state.executor, run(state_, *own, std::move(task)),
                   asio::bind_cancellation_slot(own->signal.slot(), std::move(ended)));
}

void TaskGroup::cancel() {
    if (state_) state_->cancel();
}

std::size_t TaskGroup::running() const {
    return state_ ? state_->tasks.size() : 0;
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
    while (!state->tasks.empty()) {
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
