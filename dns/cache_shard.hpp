// One shard of the cache without its lock: what is known, what of it may be given when, and the questions
// that are on their way.
#pragma once

#include "dns/cache_statistics.hpp"
#include "dns/cache_store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>

namespace gatepost::dns {

struct TtlLimits {
    std::chrono::seconds max_positive{
        86'400};                               // local: a day, so that a wrong record does not stay for weeks
    std::chrono::seconds max_negative{3'600};  // RFC 2308 §5: one to three hours work well
    // RFC 2308 §7: at most five minutes. local: mail is tried again soon …
    std::chrono::seconds failure{5};
    // … and where it is our own server that is away, it shall not seem so for long after its return.
    std::chrono::seconds server_away{1};
    // Past their time, in brownout alone. RFC 8767 §5: one to three days; an absence, which lets mail pass
    // that a record would stop, no longer than it may live.
    std::chrono::seconds stale_positive{86'400};
    std::chrono::seconds stale_negative{3'600};
};

// A name with one of its types.
struct CacheKeys {
    CacheKeys(const HashKey& secret, const DomainName& name, RrType type)
        : any(key_of_name(secret, name)), typed(key_of_type(any, type)), is_cname(type == RrType::cname) {}
    CacheKeyView any;  // what holds of every type: NXDOMAIN (RFC 2308 §5)
    CacheKeyView typed;
    bool is_cname;  // a CNAME may exist where what it leads to does not
};

class CacheShard {
  public:
    using Ticket = std::uint64_t;
    struct Flight {
        Ticket id = 0;
        TimePoint started;
        std::map<Ticket, std::function<void(const AnswerPtr&)>> waiters;
    };
    using Flights = std::unordered_map<CacheKey, Flight, CacheKeyHash, CacheKeyEqual>;

    // `capacity` in octets.
    CacheShard(std::size_t capacity, const TtlLimits& limits) : store_(capacity), limits_(limits) {}

    // What is to be given at once, or null. `brownout`: something stale may be given, too. `refresh`, where
    // it is not null: set to the ticket of a question that the caller leads anew.
    AnswerPtr known(const CacheKeys& keys, TimePoint now, bool brownout, Ticket* refresh);
    // The same where DNSSEC proved that this name does not exist, and so nothing below it; else null.
    AnswerPtr proven_absence(const CacheKeyView& name, TimePoint now);
    // What is past its time and not too old, or null. Gives it `times` times.
    AnswerPtr stale(const CacheKeys& keys, TimePoint now, std::size_t times);
    bool has_stale(const CacheKeys& keys, TimePoint now) { return stale_entry(keys, now) != nullptr; }
    // Keeps an answer where its kind allows.
    void keep(const CacheKeys& keys, const AnswerPtr& answer, TimePoint now);

    void count_question();
    Ticket next_ticket() { return ++last_ticket_; }
    void start(Flight& flight, TimePoint now);
    void add_to(CacheStatistics& sum) const;

    Flights flights;
    CacheStatistics counted;

  private:
    std::chrono::milliseconds lifetime_of(const Answer& answer) const;
    CacheEntry* live(const CacheKeyView& key, TimePoint now);
    CacheEntry* stale_entry(const CacheKeys& keys, TimePoint now);
    Ticket refresh(const CacheKeyView& key, const CacheEntry& entry, TimePoint now);

    CacheStore store_;
    const TtlLimits& limits_;
    Ticket last_ticket_ = 0;
    unsigned saved_questions_ = 0;  // that may be spent on a prefetch
};

}  // namespace gatepost::dns
