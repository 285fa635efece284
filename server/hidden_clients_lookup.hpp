// What the guard against hidden client addresses asks the DNS, and what it tells the operator.
#pragma once

#include "server/hidden_clients.hpp"
#include "server/runtime.hpp"

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace gatepost::server {

// Asks whether the name given in HELO resolves to the client, and tells the guard where it does not. To be
// spawned; `services` outlives the executor's last task.
boost::asio::awaitable<void> ask_for_helo_name(Services& services, dns::IpAddress client,
                                               dns::DomainName name);

void tell_hidden_clients(Services& services, HiddenClients::News news);

// "the addresses of clients are hidden behind 172.17.0.1: ..."; for the log and /readyz.
std::string hidden_clients_remedy(const dns::IpAddress& gateway);

}  // namespace gatepost::server
