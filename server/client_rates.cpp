#include "server/client_rates.hpp"

#include "dns/client_address.hpp"

#include <array>
#include <functional>
#include <string_view>

namespace gatepost::server {
namespace {

using Rate = ClientRates::Rate;

std::string_view name_of(Rate rate) {
    switch (rate) {
        case Rate::connections:
            return "connections";
        case Rate::messages:
            return "messages";
        case Rate::recipients:
            return "recipients";
        case Rate::errors:
            return "errors";
    }
    return "";
}

std::size_t most(Rate rate, const config::Rates& rates) {
    switch (rate) {
        case Rate::connections:
            return rates.connections;
        case Rate::messages:
            return rates.messages;
        case Rate::recipients:
            return rates.recipients;
        case Rate::errors:
            return rates.errors;
    }
    return 0;
}

// One of the two limits that hold for an address, where the operator set it.
struct Applied {
    std::string_view section;
    RateTable::Key key;
    RateTable::Limit limit;
    bool is_set() const { return limit.most > 0; }
};

std::array<Applied, 2> limits_of(Rate rate, const dns::IpAddress& client, const config::Limits& limits) {
    const auto index = static_cast<std::uint64_t>(rate);
    return {Applied{"limits.client_rates.",
                    {index, client_of(client)},
                    {most(rate, limits.client_rates), limits.client_rates.per}},
            Applied{"limits.network_rates.",
                    {index + 100, network_of(client)},
                    {most(rate, limits.network_rates), limits.network_rates.per}}};
}

// Rules are known by their ids, so that a reload forgets nothing.
RateTable::Key key_of(const policy::RateLimit& rule, const dns::IpAddress& client) {
    constexpr std::uint64_t above_rates = 1000;
    return {above_rates + std::hash<std::string>{}(rule.id) / 2, client_of(client)};
}

RateTable::Limit limit_of(const policy::RateLimit& rule) {
    return {rule.messages, rule.per};
}

}  // namespace

std::string ClientRates::take(Rate rate, const dns::IpAddress& client, const config::Limits& limits,
                              TimePoint now) {
    for (const Applied& applied : limits_of(rate, client, limits))
        if (applied.is_set() && !table_.take(applied.key, applied.limit, now))
            return std::string(applied.section) + std::string(name_of(rate));
    return {};
}

std::string ClientRates::spent(Rate rate, const dns::IpAddress& client, const config::Limits& limits,
                               TimePoint now) const {
    for (const Applied& applied : limits_of(rate, client, limits))
        if (applied.is_set() && table_.is_spent(applied.key, applied.limit, now))
            return std::string(applied.section) + std::string(name_of(rate));
    return {};
}

bool ClientRates::take(const policy::RateLimit& rule, const dns::IpAddress& client, TimePoint now) {
    return table_.take(key_of(rule, client), limit_of(rule), now);
}

bool ClientRates::is_spent(const policy::RateLimit& rule, const dns::IpAddress& client, TimePoint now) const {
    return table_.is_spent(key_of(rule, client), limit_of(rule), now);
}

}  // namespace gatepost::server
