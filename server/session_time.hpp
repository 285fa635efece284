// How long a session may last in all: RFC 5321 §4.5.3.2 bounds each silence, and a client that says NOOP once
// in a while would stay for ever. The clock is handed in.
#pragma once

#include <chrono>

namespace gatepost::server {

class SessionTime {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    // local choice: pooled senders keep a session for hours; none is meant to last for ever.
    static constexpr std::chrono::hours most{24};
    // local choice: a transaction that is open then goes on, as long as honest ones may take.
    static constexpr std::chrono::hours last_transaction{1};

    explicit SessionTime(TimePoint begin) : begin_(begin) {}

    TimePoint begin() const { return begin_; }
    // `is_idle`: no transaction is open. Asked between commands; data has a pace of its own.
    bool is_over(bool is_idle, TimePoint now) const {
        return now - begin_ >= (is_idle ? most : most + last_transaction);
    }

  private:
    TimePoint begin_;
};

}  // namespace gatepost::server
