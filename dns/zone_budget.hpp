// How many questions the mail of one client may send to one zone. Names in mail are free: without a bound,
// commands of forty octets make us ask a stranger's servers fifty times each. The bound is above what the
// whole check of a message may need; and what an accepted message asked is given back, so that a host that
// sends for thousands of customers below one name is never held up.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace gatepost::dns {

// Whose servers are asked about `name`, as near as its text tells: its last two labels; the last three below
// a registry's usual second level (co.uk); of reverse names an IPv4 /24 or an IPv6 /48.
DomainName zone_of(const DomainName& name);

// Any thread. Memory is bounded.
class ZoneBudgets {
  public:
    struct Limits {
        // local: twice what one message at the limits of RFC 7208 §4.6.4 may ask of one zone: its record, ten
        // terms with an MX record and A and AAAA of ten names each, two void ones, an explanation: 214; and
        // as much again for its HELO name, its keys and its policy.
        std::size_t questions = 500;
        std::chrono::seconds window{60};  // in which they are given back
        std::size_t most = 32'768;        // local: 4 MiB. Beyond it nothing is bounded: it is a courtesy.
    };
    using Clock = std::chrono::steady_clock;

    explicit ZoneBudgets(Limits limits) : limits_(limits) {}

    // `client` as client_of() has it.
    bool take(const IpAddress& client, const DomainName& zone, Clock::time_point now);
    void give_back(const IpAddress& client, const DomainName& zone, std::size_t questions);
    std::uint64_t refusals() const;
    std::size_t size() const;

  private:
    struct Account {
        std::size_t asked = 0;
        Clock::time_point counted;
    };
    void refill(Account& account, Clock::time_point now) const;
    void forget_the_rested(Clock::time_point now);

    mutable std::mutex mutex_;
    std::map<std::pair<IpAddress, DomainName>, Account> accounts_;  // ordered: strangers choose the names
    Clock::time_point swept_;
    Limits limits_;
    std::uint64_t refusals_ = 0;
};

}  // namespace gatepost::dns
