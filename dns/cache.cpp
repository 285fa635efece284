#include "dns/cache.hpp"

#include "dns/cache_shard.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <deque>
#include <mutex>
#include <utility>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t many_entries = 1024;      // local: below this one shard is enough
constexpr std::size_t least_shards = 16;        // local: some times the workers of an ordinary machine
constexpr std::size_t most_shards = 64;         // local
constexpr std::size_t entries_of_shard = 8192;  // local: where the table grows, nobody waits for long

using Shard = CacheShard;

std::size_t shard_count(std::size_t entries) {
    if (entries < many_entries) return 1;
    return std::bit_ceil(std::clamp(entries / entries_of_shard, least_shards, most_shards));
}

void wake_all(const Shard::Flight& landed, const AnswerPtr& answer) {
    for (const auto& [ticket, waker] : landed.waiters)
        waker(answer);
}

}  // namespace

struct Cache::State {
    struct Guarded {
        Guarded(std::size_t capacity, const TtlLimits& limits) : shard(capacity, limits) {}
        std::mutex mutex;
        Shard shard;
    };

    explicit State(CacheOptions chosen) : options(std::move(chosen)) {
        const std::size_t count = shard_count(options.entries);
        for (std::size_t i = 0; i < count; ++i)
            shards.emplace_back(options.entries * octets_per_entry / count, options.ttl);
    }

    CacheKeys keys(const DomainName& name, RrType type) const {
        return CacheKeys(options.hash_key, name, type);
    }
    Guarded& guarded(const CacheKeyView& any) { return shards[any.hash >> 32 & (shards.size() - 1)]; }
    bool in_brownout() const { return options.brownout && options.brownout->active(); }
    AnswerPtr proven_absence_above(DomainName name, TimePoint now);

    CacheOptions options;
    std::deque<Guarded> shards;
    std::atomic<bool> has_proven_absence{false};
};

// RFC 8020 §2: below a name that does not exist, nothing does. Only where DNSSEC proved it (the AD bit of a
// server declared trusted), as §2 allows: servers that say NXDOMAIN of an empty non-terminal (§5) would else
// hide the keys and policies that are published below it.
AnswerPtr Cache::State::proven_absence_above(DomainName name, TimePoint now) {
    if (!has_proven_absence.load(std::memory_order_relaxed)) return nullptr;
    for (name = name.parent(); !name.is_root(); name = name.parent()) {
        const CacheKeyView any = key_of_name(options.hash_key, name);
        Guarded& place = guarded(any);
        const std::lock_guard lock(place.mutex);
        if (AnswerPtr answer = place.shard.proven_absence(any, now)) return answer;
    }
    return nullptr;
}

Cache::Cache(CacheOptions options) : state_(std::make_unique<State>(std::move(options))) {}

Cache::Cache(std::size_t entries, milliseconds lost_after)
    : Cache(CacheOptions{.entries = entries, .lost_after = lost_after}) {}

Cache::~Cache() = default;

Cache::Found Cache::find(const DomainName& name, RrType type, TimePoint now) {
    const CacheKeys keys = state_->keys(name, type);
    State::Guarded& place = state_->guarded(keys.any);
    const std::lock_guard lock(place.mutex);
    Shard& shard = place.shard;
    Found found;
    found.answer = shard.known(keys, now, state_->in_brownout(), &found.refresh);
    if (found.answer) shard.count_question();  // else join() counts it
    return found;
}

Cache::Joined Cache::join(const DomainName& name, RrType type, TimePoint now, Waker waker,
                          const std::function<bool()>& may_lead) {
    Joined joined;
    joined.answer = state_->proven_absence_above(name, now);
    const CacheKeys keys = state_->keys(name, type);
    State::Guarded& place = state_->guarded(keys.any);
    const std::lock_guard lock(place.mutex);
    Shard& shard = place.shard;
    if (joined.answer)
        ++shard.counted.cache_hits;
    else
        joined.answer =
            shard.known(keys, now, state_->in_brownout(), nullptr);  // it may have come since find()
    if (joined.answer) {
        shard.count_question();
        return joined;
    }
    auto flight = shard.flights.find(keys.typed);
    joined.lead = flight == shard.flights.end() || now - flight->second.started >= state_->options.lost_after;
    joined.refused = joined.lead && may_lead && !may_lead();
    if (joined.refused) return joined;
    shard.count_question();
    if (flight == shard.flights.end()) flight = shard.flights.try_emplace(CacheKey(keys.typed)).first;
    Shard::Flight& found = flight->second;
    if (joined.lead)
        shard.start(found, now);
    else
        ++shard.counted.joins;
    joined.has_stale = state_->in_brownout() && shard.has_stale(keys, now);
    joined.flight = found.id;
    joined.waiter = shard.next_ticket();
    found.waiters.emplace(joined.waiter, std::move(waker));
    return joined;
}

void Cache::leave(const DomainName& name, RrType type, Ticket waiter) {
    const CacheKeys keys = state_->keys(name, type);
    State::Guarded& place = state_->guarded(keys.any);
    const std::lock_guard lock(place.mutex);
    Shard& shard = place.shard;
    const auto flight = shard.flights.find(keys.typed);
    if (flight != shard.flights.end()) flight->second.waiters.erase(waiter);
}

AnswerPtr Cache::stale(const DomainName& name, RrType type, TimePoint now) {
    const CacheKeys keys = state_->keys(name, type);
    State::Guarded& place = state_->guarded(keys.any);
    const std::lock_guard lock(place.mutex);
    Shard& shard = place.shard;
    return state_->in_brownout() ? shard.stale(keys, now, 1) : nullptr;
}

void Cache::complete(const DomainName& name, RrType type, AnswerPtr answer, TimePoint now,
                     const IpAddress* asked_for, bool is_for_nobody) {
    // First, as this answer may be what begins the brownout or ends it.
    const bool is_heard = !(is_for_nobody && answer->failed());
    if (state_->options.brownout && is_heard) state_->options.brownout->note(name, *answer, now, asked_for);
    const CacheKeys keys = state_->keys(name, type);
    State::Guarded& place = state_->guarded(keys.any);
    const std::lock_guard lock(place.mutex);
    Shard& shard = place.shard;
    shard.counted.questions.add(type, *answer);
    if (answer->failed()) ++shard.counted.failures;
    shard.keep(keys, answer, now);
    if (answer->outcome == Outcome::nx_domain && answer->authentic_data)
        state_->has_proven_absence.store(true, std::memory_order_relaxed);
    const auto flight = shard.flights.find(keys.typed);
    if (flight == shard.flights.end()) return;
    const Shard::Flight landed = std::move(flight->second);
    shard.flights.erase(flight);
    shard.counted.latency.add(std::chrono::duration_cast<std::chrono::microseconds>(now - landed.started));
    if (answer->failed() && !landed.waiters.empty() && state_->in_brownout())
        if (AnswerPtr stale = shard.stale(keys, now, landed.waiters.size())) answer = std::move(stale);
    wake_all(landed, answer);
}

void Cache::abandon(const DomainName& name, RrType type, Ticket id) {
    const CacheKeys keys = state_->keys(name, type);
    State::Guarded& place = state_->guarded(keys.any);
    const std::lock_guard lock(place.mutex);
    Shard& shard = place.shard;
    const auto flight = shard.flights.find(keys.typed);
    // Another leader may have taken over, when this one seemed lost.
    if (flight == shard.flights.end() || flight->second.id != id) return;
    ++shard.counted.failures;
    const Shard::Flight landed = std::move(flight->second);
    shard.flights.erase(flight);
    wake_all(landed, failed_answer(Trouble::cancelled, "the worker that asked has stopped"));
}

milliseconds Cache::lost_after() const {
    return state_->options.lost_after;
}

CacheStatistics Cache::statistics() const {
    CacheStatistics sum;
    for (State::Guarded& place : state_->shards) {
        const std::lock_guard lock(place.mutex);
        place.shard.add_to(sum);
    }
    return sum;
}

}  // namespace gatepost::dns
