#include "config/keys.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace gatepost::config {
namespace {

constexpr std::size_t max_compared_octets = 40;  // local: no key is longer; the comparison is quadratic

// The number of octets to insert, remove, change or swap with their neighbour to make one word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        cost[i][0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, changed});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[a.size()][b.size()];
}

}  // namespace

const std::vector<SectionKeys>& all_sections() {
    static const std::vector<std::string_view> condition_keys = {"client_ip", "author_domain", "mail_from",
                                                                 "helo",      "arc_sealer",    "tls_client"};
    static const std::vector<std::string_view> conditions_not_yet = {
        "client_name", "recipient", "header", "spf", "dkim", "arc", "dmarc", "authenticated_domain", "size"};
    static const std::vector<SectionKeys> sections = {
        {"",
         {"hostname", "authserv_id", "domains", "data_dir", "listeners", "tls", "limits", "dns", "relay",
          "authentication", "policy", "reports", "http", "process", "log", "trusted_proxies", "xclient_hosts",
          "history"},
         {"alerts", "digest"}},
        {"listeners[]", {"address", "tls", "proxy_protocol"}, {}},
        {"tls",
         {"certificate", "private_key", "minimum_version", "certificates", "client_ca", "ocsp_staple"},
         {}},
        {"tls.certificates[]", {"names", "certificate", "private_key", "ocsp_staple"}, {}},
        {"limits",
         {"message_size", "header_size", "header_fields", "memory", "recipients", "connections",
          "connections_per_client", "messages_per_connection", "errors_per_connection", "command_timeout",
          "data_timeout", "early_talker_delay", "connections_per_network", "client_rates", "network_rates"},
         {}},
        {"limits.client_rates", {"per", "connections", "messages", "recipients", "errors"}, {}},
        {"limits.network_rates", {"per", "connections", "messages", "recipients", "errors"}, {}},
        {"dns", {"servers", "timeout", "cache_entries", "overrides"}, {}},
        {"relay",
         {"to", "tls", "ca", "client_certificate", "send_xforward", "connections"},
         {"routes", "when_unavailable", "spool"}},
        {"relay.client_certificate", {"certificate", "private_key"}, {}},
        {"authentication", {"spf", "dkim", "arc", "dmarc", "received_spf"}, {}},
        {"authentication.spf", {"enabled", "on_fail", "on_temperror"}, {}},
        {"authentication.dkim", {"max_signatures", "minimum_rsa_bits"}, {}},
        {"authentication.arc", {"trusted_sealers", "seal"}, {}},
        {"authentication.arc.seal", {"domain", "selector", "private_key"}, {}},
        {"authentication.dmarc", {"discovery", "on_temperror"}, {}},
        {"policy",
         {"mode", "on_reject", "on_quarantine", "own_networks", "exemptions", "enforce", "on_invalid_from",
          "dnsbl_threshold", "dnsbl", "rate_limits", "unqualified_domain", "routed_local_parts"},
         {"rules", "expected", "shadow", "lists"}},
        {"policy.rate_limits[]", {"id", "when", "messages", "per"}, {}},
        {"policy.rate_limits[].when", condition_keys, conditions_not_yet},
        {"policy.dnsbl[]", {"zone", "weight", "answers", "name"}, {}},
        {"policy.exemptions[]",
         {"id", "owner", "reason", "expires", "when", "allow", "override", "forgeable"},
         {}},
        {"policy.exemptions[].when", condition_keys, conditions_not_yet},
        {"reports",
         {"organization", "email"},
         {"aggregate", "failure", "submit_to", "dkim", "received_at", "received_action", "store"}},
        {"history", {"keep", "max_size"}, {"traces"}},
        {"http", {"address", "token"}, {}},
        {"process", {"user", "group", "workers"}, {}},
        {"log", {"level", "format"}, {}},
    };
    return sections;
}

const SectionKeys* find_section(std::string_view section) {
    const auto& sections = all_sections();
    const auto found = std::find_if(sections.begin(), sections.end(), [&](const SectionKeys& candidate) {
        return candidate.section == section;
    });
    return found == sections.end() ? nullptr : &*found;
}

std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& candidates) {
    if (word.size() > max_compared_octets) return std::nullopt;
    // A third of the word may be wrong: more, and the guess is as likely to mislead.
    std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
    std::optional<std::string_view> found;
    for (const auto candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance >= best) continue;
        best = distance;
        found = candidate;
    }
    return found;
}

}  // namespace gatepost::config
