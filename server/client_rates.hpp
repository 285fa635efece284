// limits.client_rates, limits.network_rates and policy.rate_limits over one bounded table: how much one
// client and one network may do within a time.
#pragma once

#include "server/rate_table.hpp"

#include "config/config.hpp"

#include "policy/rate_limit.hpp"

#include "dns/ip_address.hpp"

#include <string>

namespace gatepost::server {

class ClientRates {
  public:
    using TimePoint = RateTable::TimePoint;
    enum class Rate { connections, messages, recipients, errors };

    explicit ClientRates(dns::HashKey hash_key = {}) : table_(hash_key) {}

    // Any thread. Counts one more. The key of the limit that this is too much for,
    // "limits.client_rates.errors"; empty: it is within all.
    std::string take(Rate rate, const dns::IpAddress& client, const config::Limits& limits, TimePoint now);
    // The limit that take() would name; nothing is counted.
    std::string spent(Rate rate, const dns::IpAddress& client, const config::Limits& limits,
                      TimePoint now) const;

    // One message against a rule that matches it. False: it is too many.
    bool take(const policy::RateLimit& rule, const dns::IpAddress& client, TimePoint now);
    bool is_spent(const policy::RateLimit& rule, const dns::IpAddress& client, TimePoint now) const;

    std::size_t entries() const { return table_.size(); }

  private:
    RateTable table_;
};

}  // namespace gatepost::server
