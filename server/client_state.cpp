#include "server/client_state.hpp"

#include <chrono>

namespace gatepost::server {

bool is_forgiven_to_client(const config::Config& config, policy::Forgiven what,
                           const dns::IpAddress& client) {
    policy::Facts facts;
    facts.client_ip = client;
    facts.today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    return policy::find_client_exemption(config.policy.exemptions, what, facts) != nullptr;
}

std::string ClientState::refuse_connection(const config::Config& config, const dns::IpAddress& client) {
    if (is_forgiven_to_client(config, policy::Forgiven::rate_limit, client)) return {};
    const auto now = std::chrono::steady_clock::now();
    std::string limit = rates.spent(ClientRates::Rate::errors, client, config.limits, now);
    if (limit.empty()) limit = rates.take(ClientRates::Rate::connections, client, config.limits, now);
    return limit;
}

}  // namespace gatepost::server
