// SPF checks that took all of a message's time for the DNS. The first one is trouble: the zone may be slow
// today, and what was answered is cached, so that a retry comes further. One that has spent its time again
// after a while comes no further: from then on what it leaves unread counts as absent (permerror), so that an
// endlessly slow zone does not get 451 for ever.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <utility>

namespace gatepost::server {

// Any thread. Memory is bounded.
class SpentChecks {
  public:
    using Clock = std::chrono::steady_clock;
    // local: a sender's second try comes after minutes (RFC 5321 §4.5.4.1), and cached answers live as long.
    static constexpr std::chrono::seconds least_apart{30};
    static constexpr std::chrono::hours kept{24};
    static constexpr std::size_t most = 4096;  // local: 1 MiB; each costs its sender twenty seconds

    // The check of `domain` for mail of `client` has spent its time. By client: whose address it is has a say
    // in how long it takes (RFC 7208 §5.5 ptr, §7 macros).
    void note(const dns::IpAddress& client, const dns::DomainName& domain, Clock::time_point now);
    // It did so before, long enough ago.
    bool is_final(const dns::IpAddress& client, const dns::DomainName& domain, Clock::time_point now) const;
    // Nothing is noted: asked for each message, without the lock.
    bool is_empty() const { return is_empty_.load(std::memory_order_relaxed); }
    std::size_t size() const;

  private:
    using Key = std::pair<dns::IpAddress, dns::DomainName>;
    struct Spent {
        Key key;
        Clock::time_point first;
    };
    mutable std::mutex mutex_;
    std::list<Spent> spent_;  // the first noted in front
    std::map<Key, std::list<Spent>::iterator> places_;
    std::atomic<bool> is_empty_{true};
};

}  // namespace gatepost::server
