#include "server/relay/schedule.hpp"

#include <algorithm>

namespace gatepost::server::relay {
namespace {

// RFC 4954 §6 and RFC 3207 §4 (530, 454, 535, 538), and a command out of order (503): no other mail would
// fare better in this session.
bool speaks_of_session(int code) {
    return code == 454 || code == 503 || code == 530 || code == 535 || code == 538;
}

// RFC 3463 §3.4, §3.5: X.3 is the mail system's own status, X.4 that of network and routing.
bool speaks_of_system(const smtp::Reply& reply) {
    const auto& enhanced = reply.enhanced_code();
    return reply.is_transient_failure() && enhanced && (enhanced->subject == 3 || enhanced->subject == 4);
}

bool is_well(const Standing& server, TimePoint now) {
    return server.reachable && now >= server.in_trouble && now >= server.dialled_in_vain;
}

}  // namespace

Meaning meaning_of(Step step, const smtp::Reply& reply) {
    if (reply.is_positive() || (step == Step::data && reply.is_intermediate())) return Meaning::taken;
    if (reply.code() < 400) return Meaning::trouble;  // it means nothing here
    if (reply.code() == 421 || speaks_of_session(reply.code())) return Meaning::trouble;
    // To RCPT and to the message such a reply can be about one mailbox; to MAIL there is nothing else.
    if (step == Step::mail && speaks_of_system(reply)) return Meaning::trouble;
    return Meaning::refused;
}

std::optional<std::size_t> Attempts::next(std::span<const Standing> servers, TimePoint now) const {
    if (now >= end_) return std::nullopt;
    std::optional<std::size_t> other;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (state_of(i) == given_up) continue;
        if (is_well(servers[i], now)) return i;
        // Another transaction has just found that it cannot be reached.
        const bool in_vain = now < servers[i].dialled_in_vain && any_failed();
        if (!other && !in_vain) other = i;
    }
    return other;
}

void Attempts::begin(std::size_t server, TimePoint now) {
    const auto given = std::count(states_.begin(), states_.end(), given_up);
    std::size_t left = servers_ - static_cast<std::size_t>(given);
    if (state_of(server) == given_up) ++left;
    others_left_ = left > 1;
    until_ = now + (end_ - now) / static_cast<std::int64_t>(std::max<std::size_t>(1, left));
}

std::chrono::milliseconds Attempts::time(std::chrono::milliseconds usual, TimePoint now) const {
    const auto left = std::chrono::floor<std::chrono::milliseconds>(until_ - now);
    if (others_left_) usual = std::min(usual, next_waits_);
    return std::clamp(left, std::chrono::milliseconds(1), std::max(usual, std::chrono::milliseconds(1)));
}

bool Attempts::failed(std::size_t server, bool kept) {
    states_.resize(servers_, untried);
    const bool again = kept && states_[server] == untried;
    states_[server] = again ? kept_lost : given_up;
    if (!again) ++failed_;
    return again;
}

}  // namespace gatepost::server::relay
