// Long work of a worker's sessions waits here for its next slice of time: one slice is given to the lane each
// time that the worker has been through all that is short. Without it a hundred sessions that each work for
// half a millisecond at a time would make a short reply wait for fifty.
//
// There is one lane for each io_context, which one thread runs.
#pragma once

#include "dns/fair_line.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution_context.hpp>

namespace gatepost::dns {

class SlowLane final : public boost::asio::execution_context::service {
  public:
    using key_type = SlowLane;
    static boost::asio::execution_context::id id;  // Asio's key to it

    explicit SlowLane(boost::asio::execution_context& context) : service(context) {}
    static SlowLane& of(const boost::asio::any_io_executor& executor);

    // Somebody waits: who comes to long work now is to begin with little of it.
    bool is_busy() const { return !waiting_.empty(); }
    // Returns when it is this work's turn. `executor` is of the lane's context.
    boost::asio::awaitable<void> wait(boost::asio::any_io_executor executor, Claim claim);

  private:
    struct Waiter;
    void shutdown() override {}
    void give_slice(const boost::asio::any_io_executor& executor);

    FairLine<Waiter> waiting_;
    bool is_giving_ = false;
};

}  // namespace gatepost::dns
