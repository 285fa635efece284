// How long the content of one message may take: RFC 5321 §4.5.3.2.5 and §4.5.3.2.6 give each block and the
// end a time, and none to the whole, so that one octet at a time could hold a session for ever. Local: in
// all, the time that one silence may take, and one second for each KiB that has come. That is generous: 1 KiB
// in a second is less than any line carries, and more than a client gives that only wants to hold us up.
//
// The header is held in memory, and a few KiB in nearly all mail: it has less time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace gatepost::server {

class DataPace {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    DataPace(std::chrono::milliseconds silence, TimePoint begin)
        : silence_(silence), end_(begin + silence), header_end_(begin + header_time) {}

    void received(std::size_t octets) { octets_ += octets; }
    void end_header() { in_header_ = false; }
    // For the next octets, from `now` on.
    std::chrono::milliseconds time_left(TimePoint now) const {
        auto until = end_ + std::chrono::seconds(octets_ / octets_a_second);
        if (in_header_)
            until = std::min(until, header_end_ + std::chrono::seconds(octets_ / header_octets_a_second));
        const auto in_all = std::chrono::duration_cast<std::chrono::milliseconds>(until - now);
        return std::clamp(in_all, std::chrono::milliseconds(0), silence_);
    }

  private:
    static constexpr std::size_t octets_a_second = 1024;
    static constexpr std::size_t header_octets_a_second = 4 * 1024;  // local: 512 KiB in five minutes
    // RFC 5321 §4.5.3.2.5: a client gives each block three minutes.
    static constexpr std::chrono::milliseconds header_time = std::chrono::minutes(3);
    std::chrono::milliseconds silence_;
    TimePoint end_;
    TimePoint header_end_;
    bool in_header_ = true;
    std::size_t octets_ = 0;
};

}  // namespace gatepost::server
