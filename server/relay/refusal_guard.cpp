#include "server/relay/refusal_guard.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace gatepost::server::relay {

bool RefusalGuard::refused(std::string_view sender, const smtp::Reply& refusal, TimePoint now) {
    if (holding_) return false;
    const std::size_t hash = std::hash<std::string_view>()(sender);
    const auto is_same = [&](const Noted& noted) {
        return noted.code == refusal.code() && noted.enhanced == refusal.enhanced_code();
    };
    std::erase_if(noted_, [&](const Noted& noted) {
        return noted.at + within <= now || (is_same(noted) && noted.sender == hash);
    });
    if (noted_.size() == max_noted) noted_.erase(noted_.begin());
    noted_.push_back({hash, refusal.code(), refusal.enhanced_code(), now});
    const auto count = std::count_if(noted_.begin(), noted_.end(), is_same);
    holding_ = static_cast<std::size_t>(count) >= transactions;
    return holding_;
}

bool RefusalGuard::taken() {
    noted_.clear();
    return std::exchange(holding_, false);
}

}  // namespace gatepost::server::relay
