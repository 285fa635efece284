// What all workers know of clients and of those who speak about them. Each part is bounded and has its own
// lock.
#pragma once

#include "server/client_rates.hpp"
#include "server/dnsbl_switch.hpp"
#include "server/hidden_clients.hpp"

#include "config/config.hpp"

#include "policy/exemption.hpp"

#include "dns/ip_address.hpp"
#include "dns/keyed_hash.hpp"

#include <string>

namespace gatepost::server {

// Whether an exemption forgives `what` to whoever has this address.
bool is_forgiven_to_client(const config::Config& config, policy::Forgiven what, const dns::IpAddress& client);

struct ClientState {
    // `hash_key` is drawn at start.
    explicit ClientState(dns::HashKey hash_key = {}) : rates(hash_key) {}

    // The limit that one more connection of this client is too much for, by its key; empty: it may come.
    // Exemptions that allow rate_limit forgive.
    std::string refuse_connection(const config::Config& config, const dns::IpAddress& client);

    DnsblSwitch dnsbl;
    ClientRates rates;
    HiddenClients hidden;
};

}  // namespace gatepost::server
