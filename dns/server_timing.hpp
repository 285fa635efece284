// How fast a server answers, and whether it answers at all: a smoothed round-trip time (RFC 6298 §2) and a
// back-off. Pure; the clock is handed in. A server that seems dead is asked last and probed now and then by a
// try that rides along with a question; it is never left unasked where there is no other.
#pragma once

#include <chrono>

namespace gatepost::dns {

class ServerTiming {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::microseconds;

    // A reply that matched came after `round_trip`.
    void on_reply(Duration round_trip, Time now);
    // A try was left unanswered for `waited`, when its question ended or its patience did. Where the server
    // has replied to others meanwhile it is the name that is silent, which a stranger may have chosen.
    void on_silence(Duration waited, Time now);
    // The network says that nobody is there.
    void on_unreachable(Time now);

    // Another server was chosen: what is known of this one ages, so that it is tried again some day.
    void age();

    bool alive() const { return unanswered_ < dead_after; }
    // Dead, and not asked for its back-off: the caller asks it once now.
    bool take_probe(Time now);

    // When another server may be asked as well: after about the 95th percentile of the round-trip times.
    Duration hedge_after() const;
    // When the same server may be asked again: the retransmission time-out of RFC 6298.
    Duration retry_after() const;
    // By which servers are ordered, the least first. Zero: nothing is known.
    Duration smoothed() const { return smoothed_; }

  private:
    static constexpr unsigned dead_after = 3;  // local: tries in a row; a datagram may be lost twice

    void back_off(Time now);

    bool sampled_ = false;
    Duration smoothed_{0};
    Duration variation_{0};
    Time last_reply_{};
    unsigned unanswered_ = 0;
    Duration pause_{0};  // between two probes
    Time probe_at_{};
};

}  // namespace gatepost::dns
