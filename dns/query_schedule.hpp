// Which server is asked next, over what, and for how long: pure, no clock and no I/O. Servers are asked in
// turn, in rounds whose patience doubles; one that refuses or fails is asked no more for this question; the
// whole ends within one bound (RFC 1035 §7.2 leaves the numbers to us; RFC 7766 §5 for TCP on truncation).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace gatepost::dns {

enum class Transport { udp, tcp };

struct QueryStep {
    std::size_t server = 0;
    Transport transport = Transport::udp;
    bool edns = true;
    std::chrono::milliseconds timeout{0};
};

enum class StepResult {
    timed_out,     // no reply in the step's time
    failed,        // the server said that it cannot, is not there, or sent garbage
    truncated,     // ask the same server over TCP
    format_error,  // ask the same server without EDNS, once
};

class QuerySchedule {
  public:
    // `servers`: how many there are; `first`: which one begins; `bound`: for all steps together.
    QuerySchedule(std::size_t servers, std::size_t first, std::chrono::milliseconds bound);

    // The step to take when `elapsed` has gone since the beginning; nullopt: give up.
    std::optional<QueryStep> next(std::chrono::milliseconds elapsed);
    // What the last step came to.
    void report(StepResult result);

  private:
    struct Server {
        bool failed = false;
        bool edns = true;
    };
    std::size_t rounds() const;
    std::size_t current() const;
    std::chrono::milliseconds patience() const;
    bool advance();

    std::vector<Server> servers_;
    std::size_t first_;
    std::chrono::milliseconds bound_;
    std::size_t round_ = 0;
    std::size_t turn_ = 0;  // within the round, counted from first_
    Transport transport_ = Transport::udp;
    bool stay_ = true;  // the next step asks the server of the last one again; so does the first
    bool over_ = false;
};

}  // namespace gatepost::dns
