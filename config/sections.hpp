// One function per part of the configuration, each from its section into the typed settings.
#pragma once

#include "config/config.hpp"
#include "config/section.hpp"

#include <chrono>

namespace gatepost::config {

void read_identity(const Section& top, Config& config);  // hostname, authserv_id, domains, data_dir
void read_tls(const Section& tls, Tls& target);
// listeners, trusted_proxies, xclient_hosts; after read_tls()
void read_listeners(const Section& top, const Section& tls, Config& config);
void read_limits(const Section& limits, Limits& target);
void read_dns(const Section& dns, dns::ResolverOptions& target);
void read_relay(const Section& top, const std::filesystem::path& folder, Relay& target);
void read_history(const Section& history, History& target);
void read_reports(const Section& reports, Config& config);  // after read_identity()
void read_http(const Section& http, Http& target);
void read_process(const Section& process, Process& target);
void read_log(const Section& log, Log& target);
void read_authentication(const Section& authentication, Config& config);
// After read_authentication(): exemptions refer to its trusted sealers. `has_client_ca`: clients'
// certificates are verified, so that conditions can name them.
void read_policy(const Section& policy, std::chrono::sys_days today, bool has_client_ca,
                 policy::Settings& target);
void read_condition(const Section& when, policy::Condition& target);
// Networks that are ours, or that we trust; one that is wider than any organisation's is warned of.
void read_networks(const Section& section, std::string_view key, std::string_view expected,
                   std::vector<dns::IpNetwork>& target);
void read_rates(const Section& rates, Rates& target);
void read_rate_limits(const Section& policy, bool has_client_ca, policy::Settings& target);
void read_dnsbl(const Section& policy, policy::Settings& target);
void read_exemptions(const Section& policy, std::chrono::sys_days today, bool has_client_ca,
                     policy::Settings& target);

}  // namespace gatepost::config
