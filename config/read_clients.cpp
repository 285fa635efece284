// What policy says of clients, whatever they send: the block lists that have them, how much they may do.
#include "config/address.hpp"
#include "config/problem.hpp"
#include "config/sections.hpp"
#include "config/units.hpp"

#include "policy/settings.hpp"

#include "auth/dnsbl/list.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace gatepost::config {
namespace {

constexpr std::size_t max_dnsbl_lists = 20;  // local: each costs a question for each client
constexpr std::size_t max_dnsbl_weight = 1000;
constexpr std::size_t max_rate = 1'000'000;   // local: more is no limit
constexpr std::size_t max_rate_limits = 100;  // local: each is looked at for each message
constexpr std::chrono::milliseconds shortest_rate_time = std::chrono::seconds(1);
constexpr std::chrono::milliseconds longest_rate_time = std::chrono::days(7);

void read_dnsbl_list(const Section& item, policy::Settings& target) {
    auth::dnsbl::List list;
    item.require("zone");
    item.value("zone", list.zone, parse_host_name, "a domain name");
    item.number("weight", list.weight, 1, max_dnsbl_weight);
    item.list("answers", list.answers, auth::dnsbl::AnswerRange::parse,
              "an address below 127.0.0.0/8 or a range of them (like 127.0.0.2-127.0.0.11)", true);
    if (item.has_empty("answers")) item.error("answers", "at least one value is needed");
    list.name = list.zone.text();
    item.value("name", list.name, parse_id, "a name of letters, digits, '-', '_' and '.'");
    const auto& earlier = target.dnsbl;
    if (std::any_of(earlier.begin(), earlier.end(),
                    [&](const auto& other) { return other.zone == list.zone; }))
        item.error("zone", in_quotes(list.zone.text()) + " stands here twice");
    target.dnsbl.push_back(std::move(list));
}

policy::RateLimit read_rate_limit(const Section& item) {
    policy::RateLimit rule;
    for (const auto* key : {"id", "messages", "per"})
        item.require(key);
    item.value("id", rule.id, parse_id, "a name of letters, digits, '-', '_' and '.'");
    if (item.has("when")) read_condition(item.section("when"), rule.when);
    item.number("messages", rule.messages, 1, max_rate);
    item.duration("per", rule.per, shortest_rate_time, longest_rate_time);
    return rule;
}

}  // namespace

void read_rates(const Section& rates, Rates& target) {
    rates.duration("per", target.per, shortest_rate_time, longest_rate_time);
    rates.number("connections", target.connections, 0, max_rate);
    rates.number("messages", target.messages, 0, max_rate);
    rates.number("recipients", target.recipients, 0, max_rate);
    rates.number("errors", target.errors, 0, max_rate);
}

void read_rate_limits(const Section& policy, bool has_client_ca, policy::Settings& target) {
    for (const auto& item : policy.sections("rate_limits")) {
        policy::RateLimit rule = read_rate_limit(item);
        const auto& earlier = target.rate_limits;
        const bool known = std::any_of(earlier.begin(), earlier.end(),
                                       [&](const auto& other) { return other.id == rule.id; });
        if (known && !rule.id.empty())
            item.error("id", in_quotes(rule.id) + " is the id of an earlier limit");
        if (!rule.when.tls_client.empty() && !has_client_ca)
            item.error("when", "tls_client needs tls.client_ca: by whom would the certificate be verified?");
        target.rate_limits.push_back(std::move(rule));
    }
    if (target.rate_limits.size() > max_rate_limits)
        policy.error("rate_limits", "more than " + std::to_string(max_rate_limits) + " limits");
}

void read_dnsbl(const Section& policy, policy::Settings& target) {
    policy.number("dnsbl_threshold", target.dnsbl_threshold, 1, max_dnsbl_lists * max_dnsbl_weight);
    std::size_t sum = 0;
    for (const auto& item : policy.sections("dnsbl")) {
        read_dnsbl_list(item, target);
        sum += target.dnsbl.back().weight;
    }
    if (target.dnsbl.size() > max_dnsbl_lists)
        policy.error("dnsbl", "more than " + std::to_string(max_dnsbl_lists) + " lists");
    if (!target.dnsbl.empty() && sum < target.dnsbl_threshold)
        policy.warn("dnsbl_threshold", "is more than all weights together: nobody is refused");
}

}  // namespace gatepost::config
