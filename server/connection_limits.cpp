#include "server/connection_limits.hpp"

#include "dns/client_address.hpp"

namespace gatepost::server {

std::size_t ConnectionLimits::count(const Counts& counts, const dns::IpAddress& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

void ConnectionLimits::take_one(Counts& counts, const dns::IpAddress& key) {
    const auto found = counts.find(key);
    if (--found->second == 0) counts.erase(found);
}

ConnectionLimits::Verdict ConnectionLimits::judge(const dns::IpAddress& client, const Bounds& bounds) const {
    if (count(by_client_, client_of(client)) >= bounds.per_client) return Verdict::too_many_of_client;
    if (bounds.per_network > 0 && count(by_network_, network_of(client)) >= bounds.per_network)
        return Verdict::too_many_of_network;
    return Verdict::admitted;
}

void ConnectionLimits::add_one(const dns::IpAddress& client) {
    ++by_client_[client_of(client)];
    ++by_network_[network_of(client)];
    ++open_;
}

void ConnectionLimits::forget_one(const dns::IpAddress& client) {
    if (count(by_client_, client_of(client)) == 0) return;
    take_one(by_client_, client_of(client));
    take_one(by_network_, network_of(client));
    --open_;
}

ConnectionLimits::Verdict ConnectionLimits::enter(const dns::IpAddress& client, const Bounds& bounds) {
    const std::lock_guard lock(mutex_);
    if (open_ >= bounds.connections) return Verdict::too_many;
    const Verdict verdict = judge(client, bounds);
    if (verdict == Verdict::admitted) add_one(client);
    return verdict;
}

void ConnectionLimits::leave(const dns::IpAddress& client) {
    const std::lock_guard lock(mutex_);
    forget_one(client);
}

ConnectionLimits::Verdict ConnectionLimits::move(const dns::IpAddress& from, const dns::IpAddress& to,
                                                 const Bounds& bounds) {
    const std::lock_guard lock(mutex_);
    if (client_of(from) == client_of(to)) return Verdict::admitted;
    const Verdict verdict = judge(to, bounds);
    if (verdict != Verdict::admitted) return verdict;
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

}  // namespace gatepost::server
