// How long the content of one message may take: RFC 5321 §4.5.3.2.5 and §4.5.3.2.6 give each block and the
// end a time, and none to the whole, so that one octet at a time could hold a session for ever. Local: in
// all, the time that one silence may take, and one second for each KiB that has come. That is generous: 1 KiB
// in a second is less than any line carries, and more than a client gives that only wants to hold us up.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace gatepost::server {

class DataPace {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    DataPace(std::chrono::milliseconds silence, TimePoint begin) : silence_(silence), end_(begin + silence) {}

    void received(std::size_t octets) { octets_ += octets; }
    // For the next octets, from `now` on.
    std::chrono::milliseconds time_left(TimePoint now) const {
        const auto earned = std::chrono::seconds(octets_ / octets_a_second);
        const auto in_all = std::chrono::duration_cast<std::chrono::milliseconds>(end_ + earned - now);
        return std::clamp(in_all, std::chrono::milliseconds(0), silence_);
    }

  private:
    static constexpr std::size_t octets_a_second = 1024;
    std::chrono::milliseconds silence_;
    TimePoint end_;
    std::size_t octets_ = 0;
};

}  // namespace gatepost::server
