#include "server/load_runtime.hpp"

#include "config/load.hpp"

#include "dns/resolv_conf.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::server {
namespace {

// Settings that a running server keeps until it is started anew.
bool needs_restart(const config::Config& before, const config::Config& after) {
    const auto same_listener = [](const config::Listener& a, const config::Listener& b) {
        return a.address.address == b.address.address && a.address.port == b.address.port && a.tls == b.tls &&
               a.proxy_protocol == b.proxy_protocol;
    };
    return before.data_dir != after.data_dir || before.hostname != after.hostname ||
           before.process.workers != after.process.workers || before.process.user != after.process.user ||
           before.process.group != after.process.group || before.dns.servers != after.dns.servers ||
           before.dns.timeout != after.dns.timeout || before.dns.cache_entries != after.dns.cache_entries ||
           before.relay.to != after.relay.to || before.relay.connections != after.relay.connections ||
           before.limits.memory != after.limits.memory ||
           !std::equal(before.listeners.begin(), before.listeners.end(), after.listeners.begin(),
                       after.listeners.end(), same_listener);
}

}  // namespace

bool needs_certificate(const config::Config& config) {
    return std::any_of(config.listeners.begin(), config.listeners.end(), [](const auto& listener) {
        return listener.tls == config::ListenerTls::required || listener.tls == config::ListenerTls::implicit;
    });
}

Loaded load_runtime(const std::filesystem::path& file, std::chrono::sys_days today,
                    const config::Config* in_force, std::shared_ptr<TicketKeys> ticket_keys) {
    config::LoadResult read = config::load(file, today);
    Loaded loaded;
    loaded.log = read.log;
    for (const config::Problem& warning : read.warnings)
        loaded.warnings.push_back(warning.text());
    for (const config::Problem& problem : read.problems)
        loaded.problems.push_back(problem.text());
    if (!read.config) return loaded;
    if (read.config->dns.servers.empty()) read.config->dns.servers = dns::read_resolv_conf();
    if (in_force != nullptr) {
        loaded.restart_needed = needs_restart(*in_force, *read.config);
        // Made ready at start, and where large messages lie: another folder need not be there.
        read.config->data_dir = in_force->data_dir;
    }
    std::string problem;
    loaded.runtime = make_runtime(std::move(*read.config), problem, std::move(ticket_keys));
    if (loaded.runtime && loaded.runtime->tls)
        for (const std::string& warning : loaded.runtime->tls->warnings())
            loaded.warnings.push_back(
                config::Problem{file.string(), read.tls_position.line, read.tls_position.column, warning}
                    .text());
    if (loaded.runtime) return loaded;
    // Only certificates and keys can fail this late.
    const config::Position& place = problem.starts_with("relay.") ? read.relay_position : read.tls_position;
    const config::Problem late{file.string(), place.line, place.column, problem};
    loaded.problems.push_back(late.text());
    return loaded;
}

}  // namespace gatepost::server
