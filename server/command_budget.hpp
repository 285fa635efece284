// How many commands a session may send that bring no message on (NOOP, EHLO, RSET, MAIL without data, empty
// chunks): each costs more work than octets, and a session could send them for ever. A message that comes to
// its end gives all of the budget back, and so does time: one command a second. The clock is handed in, and
// asked only where the budget is used up.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace gatepost::server {

class CommandBudget {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    // local choice: in a row. A chunk an octet is no honest client's, but allowed, and its messages are
    // short.
    static constexpr std::size_t most = 1000;
    // local choice: probes and keep-alives come some times a minute at most.
    static constexpr std::chrono::seconds time_of_one{1};
    // local choice: a chunk of so many octets is no more work than its octets alone.
    static constexpr std::size_t octets_of_one = 256;

    // `recipients`: so many may be named for each message without counting as commands.
    CommandBudget(std::size_t recipients, TimePoint begin) : recipients_(recipients), begin_(begin) {}

    // One more command. False: it is too much, unless take_earned() says otherwise.
    bool take() {
        if (left_ == 0) return false;
        --left_;
        return true;
    }
    bool take_recipient() {
        if (named_ >= recipients_) return take();
        ++named_;
        return true;
    }
    // Takes one of those that time has given since the last call.
    bool take_earned(TimePoint now) {
        const auto earned = std::chrono::floor<std::chrono::seconds>(now - begin_) / time_of_one;
        if (earned < 1) return false;
        begin_ += earned * time_of_one;
        left_ = std::min(static_cast<std::size_t>(earned), most) - 1;
        return true;
    }
    void chunk_came(std::size_t octets) { left_ = std::min(most, left_ + octets / octets_of_one); }
    void message_came() {
        left_ = most;
        named_ = 0;
    }

  private:
    std::size_t recipients_;
    TimePoint begin_;  // time before it is spent
    std::size_t left_ = most;
    std::size_t named_ = 0;
};

}  // namespace gatepost::server
