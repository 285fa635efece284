#include "server/connection_limits.hpp"

#include "dns/client_address.hpp"

#include <algorithm>

namespace gatepost::server {
namespace {

constexpr std::size_t network_part = 4;  // PRODUCT.md, connections_per_network: auto
// local choice: 625 of 10,000, more than the machines of one's own that send at a time.
constexpr std::size_t reserved_part = 16;
constexpr std::size_t least_to_share = 4;  // local choice: fewer connections cannot be divided

std::size_t reserve_of(std::size_t connections) {
    return connections < least_to_share ? 0 : (connections + reserved_part - 1) / reserved_part;
}

}  // namespace

std::size_t ConnectionLimits::count(const Counts& counts, const dns::IpAddress& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

void ConnectionLimits::take_one(Counts& counts, const dns::IpAddress& key) {
    const auto found = counts.find(key);
    if (--found->second == 0) counts.erase(found);
}

ConnectionLimits::Verdict ConnectionLimits::judge(const dns::IpAddress& client, std::size_t others,
                                                  const Bounds& bounds) const {
    const std::size_t most = std::min(bounds.connections, most_.load(std::memory_order_relaxed));
    const std::size_t reserve = bounds.has_reserve && !bounds.is_preferred ? reserve_of(most) : 0;
    if (others + reserve >= most) return Verdict::too_many;
    if (count(by_client_, client_of(client)) >= bounds.per_client) return Verdict::too_many_of_client;
    const bool is_scarce = others >= most - most / network_part;
    const bool is_shared = !bounds.per_network && is_scarce && !bounds.is_preferred;
    const std::size_t of_network =
        is_shared ? std::max<std::size_t>(1, most / network_part) : bounds.per_network.value_or(0);
    if (of_network > 0 && count(by_network_, network_of(client)) >= of_network)
        return Verdict::too_many_of_network;
    if (is_shared && count(by_provider_, provider_of(client)) >= 2 * of_network)
        return Verdict::too_many_of_network;
    return Verdict::admitted;
}

ConnectionLimits::Verdict ConnectionLimits::counted(Verdict verdict) {
    ++verdicts_[static_cast<std::size_t>(verdict)];
    return verdict;
}

void ConnectionLimits::add_one(const dns::IpAddress& client) {
    ++by_client_[client_of(client)];
    ++by_network_[network_of(client)];
    ++by_provider_[provider_of(client)];
    ++open_;
}

void ConnectionLimits::forget_one(const dns::IpAddress& client) {
    if (count(by_client_, client_of(client)) == 0) return;
    take_one(by_client_, client_of(client));
    take_one(by_network_, network_of(client));
    take_one(by_provider_, provider_of(client));
    --open_;
}

ConnectionLimits::Verdict ConnectionLimits::enter(const dns::IpAddress& client, const Bounds& bounds) {
    const std::lock_guard lock(mutex_);
    bound_ = std::min(bounds.connections, most_.load(std::memory_order_relaxed));
    const Verdict verdict = judge(client, open_, bounds);
    if (verdict == Verdict::admitted) add_one(client);
    return counted(verdict);
}

void ConnectionLimits::leave(const dns::IpAddress& client) {
    const std::lock_guard lock(mutex_);
    forget_one(client);
}

ConnectionLimits::Verdict ConnectionLimits::move(const dns::IpAddress& from, const dns::IpAddress& to,
                                                 const Bounds& bounds) {
    const std::lock_guard lock(mutex_);
    if (client_of(from) == client_of(to)) return Verdict::admitted;
    const Verdict verdict = judge(to, open_ - std::min<std::size_t>(open_, 1), bounds);
    if (verdict != Verdict::admitted) return counted(verdict);
    forget_one(from);
    add_one(to);
    return verdict;
}

std::string_view limit_reached(ConnectionLimits::Verdict verdict) {
    switch (verdict) {
        case ConnectionLimits::Verdict::admitted:
            break;
        case ConnectionLimits::Verdict::too_many:
            return "limits.connections";
        case ConnectionLimits::Verdict::too_many_of_client:
            return "limits.connections_per_client";
        case ConnectionLimits::Verdict::too_many_of_network:
            return "limits.connections_per_network";
    }
    return {};
}

std::size_t ConnectionLimits::open() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

ConnectionCounts ConnectionLimits::counts() const {
    const auto largest = [](const Counts& counts) {
        std::size_t most = 0;
        for (const auto& [key, count] : counts)
            most = std::max(most, count);
        return most;
    };
    const std::lock_guard lock(mutex_);
    return {open_, bound_, largest(by_client_), largest(by_network_), verdicts_};
}

}  // namespace gatepost::server
