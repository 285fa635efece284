// Turns of a worker: whoever has worked for a slice of time lets the worker's other sessions run, then goes
// on in its turn (SlowLane). It is asked between parts of the work; what takes little never gives a turn.
#pragma once

#include "dns/fair_line.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>

namespace gatepost::dns {

class SlowLane;

class Turns {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Now = std::function<TimePoint()>;
    // local: with the longest part of work, a record of 16 KiB or a signature with four keys, at most 1 ms.
    static constexpr std::chrono::microseconds slice{500};
    // local: of who comes to it while others wait for their turn. A crowd of thousands would else have its
    // first slices one behind the other, and all others wait for them.
    static constexpr std::chrono::microseconds slice_of_a_crowd{100};

    // Nobody else waits: no slice is ever over.
    Turns() = default;
    // `claim`: in whose name the work is done. Its later slices wait in the executor's SlowLane.
    Turns(boost::asio::any_io_executor executor, Now now, Claim claim = {});

    // The executor has just come back to this work: its slice begins.
    void begin();
    // True: next() is to be awaited before the work goes on. Reads the clock.
    bool is_over() const;
    // Lets the others run, and begins a new slice.
    boost::asio::awaitable<void> next();

  private:
    boost::asio::any_io_executor executor_;
    SlowLane* lane_ = nullptr;  // the executor's
    Now now_;                   // empty: nobody waits
    Claim claim_;
    TimePoint end_;
};

}  // namespace gatepost::dns
