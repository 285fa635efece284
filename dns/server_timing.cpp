#include "dns/server_timing.hpp"

#include <algorithm>

namespace gatepost::dns {
namespace {

using Duration = ServerTiming::Duration;
using std::chrono::milliseconds;

// local: before anything is known. Most servers are near; a cold cache behind them takes longer.
constexpr Duration unknown_hedge = milliseconds(250);
constexpr Duration unknown_retry = milliseconds(400);
// local: a recursion takes its time whatever the network does, so nobody is asked twice sooner than this.
constexpr Duration least_hedge = milliseconds(30);
constexpr Duration least_retry = milliseconds(200);
constexpr Duration most_hedge = milliseconds(1000);
constexpr Duration most_retry = milliseconds(1500);
constexpr Duration dead_hedge = milliseconds(50);  // local: a dead server is not waited for
// local: a server's return is noticed within this and one round trip.
constexpr Duration first_pause = milliseconds(1000);
constexpr Duration longest_pause = milliseconds(4000);

}  // namespace

void ServerTiming::on_reply(Duration round_trip, Time now) {
    last_reply_ = now;
    round_trip = std::max(round_trip, Duration(1));
    if (!sampled_) {
        sampled_ = true;
        smoothed_ = round_trip;  // RFC 6298 §2.2
        variation_ = round_trip / 2;
    } else {
        const Duration difference = smoothed_ > round_trip ? smoothed_ - round_trip : round_trip - smoothed_;
        variation_ = (3 * variation_ + difference) / 4;  // RFC 6298 §2.3
        smoothed_ = (7 * smoothed_ + round_trip) / 8;
    }
    unanswered_ = 0;
}

void ServerTiming::on_silence(Duration waited, Time now) {
    if (last_reply_ > now - waited) return;
    // The round trip would have been longer than this, if it ever ended.
    if (waited > smoothed_) smoothed_ = sampled_ ? (7 * smoothed_ + waited) / 8 : waited;
    if (alive() && ++unanswered_ == dead_after) back_off(now);
}

void ServerTiming::on_unreachable(Time now) {
    if (alive()) back_off(now);
    unanswered_ = dead_after;
}

void ServerTiming::back_off(Time now) {
    pause_ = first_pause;
    probe_at_ = now + pause_;
}

void ServerTiming::age() {
    smoothed_ = std::min(smoothed_, std::max(Duration(1), smoothed_ * 63 / 64));
}

bool ServerTiming::take_probe(Time now) {
    if (alive() || now < probe_at_) return false;
    pause_ = std::min(2 * pause_, longest_pause);
    probe_at_ = now + pause_;
    return true;
}

Duration ServerTiming::hedge_after() const {
    if (!alive()) return dead_hedge;
    if (!sampled_) return unknown_hedge;
    // Round-trip times are skewed: three mean deviations leave one in twenty behind.
    return std::clamp(smoothed_ + 3 * variation_, least_hedge, most_hedge);
}

Duration ServerTiming::retry_after() const {
    if (!sampled_) return unknown_retry;
    return std::clamp(smoothed_ + 4 * variation_, least_retry, most_retry);  // RFC 6298 §2.3: K = 4
}

}  // namespace gatepost::dns
