#include "server/shared_dns.hpp"

#include "dns/local_records.hpp"

#include <utility>

namespace gatepost::server {
namespace {

// local: a question is given up as lost a little after the resolver's own bound.
constexpr std::chrono::milliseconds cache_grace{1000};
// local: a quarter of the sockets is left to own and exempted clients, block lists and prefetches, which pay
// nothing, and to second tries.
constexpr std::size_t quarters = 4;
constexpr std::size_t quarters_of_strangers = 3;

}  // namespace

SharedDns make_shared_dns(const dns::ResolverOptions& options, dns::RandomSource& random,
                          std::size_t sockets) {
    SharedDns shared;
    shared.brownout = std::make_shared<dns::Brownout>();
    dns::CacheOptions cache;
    cache.entries = options.cache_entries;
    cache.lost_after = options.timeout + cache_grace;
    cache.hash_key = dns::draw_hash_key(random);
    cache.brownout = shared.brownout;
    shared.cache = std::make_shared<dns::Cache>(std::move(cache));
    dns::ClientBudgets::Limits limits;
    limits.most_open = sockets * quarters_of_strangers / quarters;
    shared.client_budgets = std::make_shared<dns::ClientBudgets>(shared.brownout, limits);
    shared.sockets = std::make_shared<dns::SocketPlaces>(sockets);
    shared.spent_checks = std::make_shared<SpentChecks>();
    shared.local_records = dns::make_local_zone(options.overrides).zone;
    return shared;
}

std::shared_ptr<dns::ClientBudgetResolver> within_client_budget(const SharedDns& shared,
                                                                dns::Resolver& resolver,
                                                                const dns::IpAddress& client) {
    if (!shared.client_budgets) return nullptr;
    const auto now = [] {
        return std::chrono::steady_clock::now();
    };
    return std::make_shared<dns::ClientBudgetResolver>(resolver, shared.client_budgets, client, now);
}

}  // namespace gatepost::server
