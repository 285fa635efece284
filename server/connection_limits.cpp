#include "server/connection_limits.hpp"

namespace gatepost::server {
namespace {

constexpr unsigned ipv6_client_prefix = 64;

dns::IpAddress client_key(const dns::IpAddress& client) {
    return client.is_v4() ? client : dns::IpNetwork(client, ipv6_client_prefix).address();
}

}  // namespace

ConnectionLimits::Verdict ConnectionLimits::enter(const dns::IpAddress& client, const Bounds& bounds) {
    const std::lock_guard lock(mutex_);
    if (open_ >= bounds.connections) return Verdict::too_many;
    std::size_t& of_client = by_client_[client_key(client)];
    if (of_client >= bounds.per_client) {
        if (of_client == 0) by_client_.erase(client_key(client));
        return Verdict::too_many_of_client;
    }
    ++of_client;
    ++open_;
    return Verdict::admitted;
}

void ConnectionLimits::leave(const dns::IpAddress& client) {
    const std::lock_guard lock(mutex_);
    forget_one(client);
}

bool ConnectionLimits::move(const dns::IpAddress& from, const dns::IpAddress& to, std::size_t per_client) {
    const std::lock_guard lock(mutex_);
    if (client_key(from) == client_key(to)) return true;
    const auto found = by_client_.find(client_key(to));
    if (found != by_client_.end() && found->second >= per_client) return false;
    forget_one(from);
    ++by_client_[client_key(to)];
    ++open_;
    return true;
}

void ConnectionLimits::forget_one(const dns::IpAddress& client) {
    const auto found = by_client_.find(client_key(client));
    if (found == by_client_.end()) return;
    --open_;
    if (--found->second == 0) by_client_.erase(found);
}

std::size_t ConnectionLimits::open() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

}  // namespace gatepost::server
