// The one door to concurrency below server/: coroutines that run side by side on one executor and belong to
// one owner. The owner starts them, may cancel them, and joins them before it dies. Everything happens on
// that one single-threaded executor: there is no lock.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>

namespace gatepost::dns {

class TaskGroup {
  public:
    explicit TaskGroup(boost::asio::any_io_executor executor);
    // A group that was not joined is cancelled; its tasks end on the executor, so they may not refer to
    // anything that the owner takes down with the group.
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    // Runs `task` from the executor's next turn on. Parameters of the coroutine are values, or outlive
    // join().
    void start(boost::asio::awaitable<void> task);
    // Asks all tasks to stop at their next suspension. join() still has to be awaited.
    void cancel();
    // Returns when every task has ended; throws the first exception that one of them threw. When the awaiting
    // coroutine is itself cancelled, the tasks are cancelled too, and join() still waits for their end.
    boost::asio::awaitable<void> join();

    std::size_t running() const;
    // join() has nothing to wait for and nothing to throw.
    bool is_idle() const;

  private:
    struct Task;
    struct State;
    // `state` holds `own`, which says as long as this runs that it is there.
    static boost::asio::awaitable<void> run(std::shared_ptr<State> state, Task& own,
                                            boost::asio::awaitable<void> task);
    static boost::asio::awaitable<void> join_state(std::shared_ptr<State> state);
    boost::asio::any_io_executor executor_;
    std::shared_ptr<State> state_;  // null until the first task
};

}  // namespace gatepost::dns
