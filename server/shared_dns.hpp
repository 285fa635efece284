// What all workers share of the resolver.
#pragma once

#include "server/spent_checks.hpp"

#include "config/config.hpp"

#include "dns/brownout.hpp"
#include "dns/cache.hpp"
#include "dns/client_budget.hpp"
#include "dns/random_source.hpp"
#include "dns/resolver.hpp"
#include "dns/socket_places.hpp"
#include "dns/zone_resolver.hpp"

#include <cstddef>
#include <memory>

namespace gatepost::server {

struct SharedDns {
    std::shared_ptr<dns::Brownout> brownout;
    std::shared_ptr<dns::Cache> cache;
    std::shared_ptr<dns::ClientBudgets> client_budgets;
    std::shared_ptr<dns::SocketPlaces> sockets;
    std::shared_ptr<SpentChecks> spent_checks;
    std::shared_ptr<const dns::ZoneResolver> local_records;  // at start; workers are told of later ones
};

// `sockets`: the resolver's share of descriptors.
SharedDns make_shared_dns(const dns::ResolverOptions& options, dns::RandomSource& random,
                          std::size_t sockets);

// `resolver` within the client's budget, for one transaction; null where there are no budgets. It outlives
// every query.
std::shared_ptr<dns::ClientBudgetResolver> within_client_budget(const SharedDns& shared,
                                                                dns::Resolver& resolver,
                                                                const dns::IpAddress& client);

}  // namespace gatepost::server
