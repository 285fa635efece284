#include "server/connection_bounds.hpp"

#include "policy/condition.hpp"
#include "policy/exemption.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

namespace gatepost::server {
namespace {

bool is_exempted(const config::Config& config, const dns::IpAddress& client) {
    const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    const auto& exemptions = config.policy.exemptions;
    return std::any_of(exemptions.begin(), exemptions.end(), [&](const policy::Exemption& exemption) {
        return policy::any_contains(exemption.when.client_ip, client) && !exemption.has_expired(today);
    });
}

bool prefers_somebody(const config::Config& config) {
    const auto& exemptions = config.policy.exemptions;
    return !config.policy.own_networks.empty() || !config.trusted_proxies.empty() ||
           !config.xclient_hosts.empty() ||
           std::any_of(exemptions.begin(), exemptions.end(),
                       [](const policy::Exemption& exemption) { return !exemption.when.client_ip.empty(); });
}

ConnectionLimits::Bounds bounds_of_all(const config::Config& config) {
    const config::Limits& limits = config.limits;
    return {limits.connections, limits.connections_per_client, limits.connections_per_network,
            prefers_somebody(config), false};
}

}  // namespace

ConnectionLimits::Bounds bounds_of_client(const config::Config& config, const dns::IpAddress& client,
                                          bool is_hidden) {
    ConnectionLimits::Bounds bounds = bounds_of_all(config);
    bounds.is_preferred = !is_hidden && (policy::any_contains(config.policy.own_networks, client) ||
                                         is_exempted(config, client));
    return bounds;
}

ConnectionLimits::Bounds bounds_of_proxy(const config::Config& config) {
    ConnectionLimits::Bounds bounds = bounds_of_all(config);
    bounds.per_client = std::numeric_limits<std::size_t>::max();
    bounds.per_network = 0;
    bounds.is_preferred = true;
    return bounds;
}

}  // namespace gatepost::server
