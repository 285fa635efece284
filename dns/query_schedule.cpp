#include "dns/query_schedule.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace gatepost::dns {
namespace {

// local: one server gets three tries, as a datagram may be lost twice in a row; several get two each.
constexpr std::size_t rounds_of_one = 3;
constexpr std::size_t rounds_of_several = 2;
constexpr std::chrono::milliseconds least_patience{200};  // local: less than this is no fair try

}  // namespace

QuerySchedule::QuerySchedule(std::size_t servers, std::size_t first, std::chrono::milliseconds bound)
    : servers_(servers), first_(servers == 0 ? 0 : first % servers), bound_(bound) {}

std::size_t QuerySchedule::rounds() const {
    return servers_.size() == 1 ? rounds_of_one : rounds_of_several;
}

std::size_t QuerySchedule::current() const {
    return (first_ + turn_) % servers_.size();
}

// Patience doubles from round to round, and all rounds together fill the bound.
std::chrono::milliseconds QuerySchedule::patience() const {
    const std::size_t shares = (std::size_t{1} << rounds()) - 1;
    const auto share = bound_ / static_cast<std::int64_t>(shares * servers_.size());
    return std::max(least_patience, share * (std::int64_t{1} << round_));
}

// To the next server that has not failed; false: there is none, or the rounds are over.
bool QuerySchedule::advance() {
    const bool any_left =
        std::any_of(servers_.begin(), servers_.end(), [](const Server& server) { return !server.failed; });
    if (!any_left) return false;
    transport_ = Transport::udp;
    do {
        if (++turn_ < servers_.size()) continue;
        turn_ = 0;
        if (++round_ == rounds()) return false;
    } while (servers_[current()].failed);
    return true;
}

std::optional<QueryStep> QuerySchedule::next(std::chrono::milliseconds elapsed) {
    if (servers_.empty() || over_ || elapsed >= bound_) return std::nullopt;
    if (!std::exchange(stay_, false) && !advance()) {
        over_ = true;
        return std::nullopt;
    }
    QueryStep step;
    step.server = current();
    step.transport = transport_;
    step.edns = servers_[step.server].edns;
    step.timeout = std::min(patience(), bound_ - elapsed);
    return step;
}

void QuerySchedule::report(StepResult result) {
    if (servers_.empty()) return;
    Server& server = servers_[current()];
    switch (result) {
        case StepResult::timed_out:
            return;
        case StepResult::failed:
            server.failed = true;
            return;
        case StepResult::truncated:
            // A reply over TCP that says it is truncated is broken.
            server.failed = transport_ == Transport::tcp;
            stay_ = !server.failed;
            transport_ = Transport::tcp;
            return;
        case StepResult::format_error:
            server.failed = !server.edns;  // RFC 6891 §7: once without
            stay_ = server.edns;
            server.edns = false;
            return;
    }
}

}  // namespace gatepost::dns
