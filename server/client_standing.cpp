#include "server/client_standing.hpp"

#include "server/log.hpp"

#include "policy/dnsbl.hpp"

#include <utility>
#include <vector>

namespace gatepost::server {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
namespace {

std::vector<auth::dnsbl::List> lists_that_are_on(const Services& services, const Runtime& runtime) {
    std::vector<auth::dnsbl::List> lists;
    for (const auth::dnsbl::List& list : runtime.config.policy.dnsbl)
        if (services.clients.dnsbl.is_on(list.zone, Clock::now())) lists.push_back(list);
    return lists;
}

// Its own: what the lists cost is taken from no message.
dns::QueryBudget budget(const config::Config& config) {
    return {2 * config.policy.dnsbl.size(), Clock::now() + config.dns.timeout};
}

}  // namespace

ClientStanding::ClientStanding(Services& services, RuntimePtr runtime, const dns::IpAddress& client,
                               std::string session_id)
    : services_(services),
      runtime_(std::move(runtime)),
      session_id_(std::move(session_id)),
      lookup_(services.executor, services.resolver, client, lists_that_are_on(services, *runtime_),
              budget(runtime_->config)) {}

asio::awaitable<std::optional<policy::Listing>> ClientStanding::listing() {
    co_await lookup_.finish();
    const auto& lists = lookup_.lists();
    const auto& findings = lookup_.findings();
    for (std::size_t i = 0; i < findings.size() && !told_; ++i) {
        if (findings[i].result == auth::dnsbl::Result::unusable) switch_off(lists[i], findings[i].reason);
        if (findings[i].result != auth::dnsbl::Result::trouble) continue;
        LogEntry entry("dnsbl_trouble", LogLevel::debug);
        entry.with("sid", session_id_).with("list", lists[i].name).with("problem", findings[i].reason);
        services_.log.write(entry);
    }
    told_ = true;
    co_return policy::add_up(lists, findings, runtime_->config.policy.dnsbl_threshold);
}

void ClientStanding::switch_off(const auth::dnsbl::List& list, const std::string& reason) {
    if (!services_.clients.dnsbl.switch_off(list.zone, Clock::now())) return;
    services_.metrics.count_client(ClientEvent::dnsbl_switched_off);
    LogEntry entry("dnsbl_switched_off", LogLevel::warning);
    entry.with("list", list.name).with("problem", reason);
    entry.with("note", "it is not asked for an hour; mend or remove it in policy.dnsbl");
    services_.log.write(entry);
}

}  // namespace gatepost::server
