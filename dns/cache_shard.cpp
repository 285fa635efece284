#include "dns/cache_shard.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// local: what was asked for so often since it came is asked anew in the last tenth of its life; what lives
// shorter would be asked for all the time.
constexpr std::uint8_t prefetch_uses = 4;
constexpr int prefetch_part = 10;
constexpr seconds least_prefetch_lifetime{10};
constexpr unsigned questions_per_prefetch = 16;  // local: so that prefetches are a sixteenth of the questions
constexpr unsigned max_saved_questions = 16 * questions_per_prefetch;
constexpr seconds recheck_interval{30};  // RFC 8767 §5, the failure recheck timer
constexpr seconds stale_ttl{30};         // RFC 8767 §4

}  // namespace

milliseconds CacheShard::lifetime_of(const Answer& answer) const {
    switch (answer.outcome) {
        case Outcome::success:
            return std::min(answer.ttl, limits_.max_positive);
        case Outcome::no_data:
        case Outcome::nx_domain:
            return std::min(answer.ttl, limits_.max_negative);
        case Outcome::temp_error:
            break;
    }
    switch (answer.trouble) {
        case Trouble::cancelled:
        case Trouble::message_spent:
        case Trouble::time_spent:
        case Trouble::client_spent:
        case Trouble::no_place:
            return milliseconds(0);  // it says nothing of the question
        case Trouble::timeout:
        case Trouble::unreachable:
            return limits_.server_away;
        default:
            return limits_.failure;
    }
}

CacheEntry* CacheShard::live(const CacheKeyView& key, TimePoint now) {
    CacheEntry* entry = store_.find(key);
    return entry != nullptr && entry->expires > now ? entry : nullptr;
}

void CacheShard::count_question() {
    ++counted.queries;
    if (saved_questions_ < max_saved_questions) ++saved_questions_;
}

void CacheShard::start(Flight& flight, TimePoint now) {
    flight.id = next_ticket();
    flight.started = now;
}

AnswerPtr CacheShard::known(const CacheKeys& keys, TimePoint now, bool brownout, Ticket* refreshed) {
    CacheEntry* typed = store_.find(keys.typed);
    CacheEntry* entry = typed != nullptr && typed->expires > now ? typed : nullptr;
    if (entry == nullptr && !keys.is_cname) entry = live(keys.any, now);
    if (entry != nullptr && !entry->answer->failed()) {
        store_.use(*entry, now);
        ++counted.cache_hits;
        if (refreshed != nullptr) *refreshed = refresh(keys.typed, *entry, now);
        return entry->answer;
    }
    // What failed lately stands for itself where nothing else was known of the type, or beside that.
    AnswerPtr failure;
    bool tried_lately = false;  // RFC 8767 §7: nothing stale where nobody did
    if (typed != nullptr && (typed->failure || typed->answer->failed())) {
        const AnswerPtr& last = typed->failure ? typed->failure : typed->answer;
        const auto since = now - (typed->failure ? typed->failed_at : typed->answered);
        if (since < lifetime_of(*last)) failure = last;
        tried_lately = since < recheck_interval;
    }
    if (brownout && tried_lately)
        if (AnswerPtr answer = stale(keys, now, 1)) failure = std::move(answer);
    if (failure) ++counted.cache_hits;
    return failure;
}

// Begins to ask anew for what is used often and about to expire.
CacheShard::Ticket CacheShard::refresh(const CacheKeyView& key, const CacheEntry& entry, TimePoint now) {
    const auto lifetime = entry.expires - entry.answered;
    const bool due = entry.uses >= prefetch_uses && lifetime >= least_prefetch_lifetime &&
                     entry.expires - now <= lifetime / prefetch_part && !entry.failure;
    if (!due || saved_questions_ < questions_per_prefetch || flights.contains(key)) return 0;
    saved_questions_ -= questions_per_prefetch;
    ++counted.prefetches;
    Flight& flight = flights[CacheKey(key)];
    start(flight, now);
    return flight.id;
}

AnswerPtr CacheShard::proven_absence(const CacheKeyView& name, TimePoint now) {
    CacheEntry* entry = live(name, now);
    // Behind an alias it is the target that does not exist (RFC 8020 §2).
    if (entry == nullptr || !entry->answer->authentic_data || entry->answer->aliased) return nullptr;
    store_.use(*entry, now);
    return entry->answer;
}

// The later of what was known of type and name.
CacheEntry* CacheShard::stale_entry(const CacheKeys& keys, TimePoint now) {
    CacheEntry* latest = nullptr;
    for (CacheEntry* entry : {store_.find(keys.typed), store_.find(keys.any)}) {
        if (entry == nullptr || entry->answer->failed() || entry->expires > now) continue;
        if (keys.is_cname && entry->answer->outcome == Outcome::nx_domain) continue;
        if (latest == nullptr || entry->answered > latest->answered) latest = entry;
    }
    if (latest == nullptr) return nullptr;
    const seconds longest = latest->answer->found() ? limits_.stale_positive : limits_.stale_negative;
    return now - latest->expires < longest ? latest : nullptr;
}

AnswerPtr CacheShard::stale(const CacheKeys& keys, TimePoint now, std::size_t times) {
    CacheEntry* entry = stale_entry(keys, now);
    if (entry == nullptr) return nullptr;
    if (!entry->answer->stale) {
        auto marked = std::make_shared<Answer>(*entry->answer);
        marked->stale = true;
        marked->ttl = stale_ttl;
        entry->answer = std::move(marked);
    }
    store_.use(*entry, now);
    counted.stale_answers += times;
    return entry->answer;
}

void CacheShard::keep(const CacheKeys& keys, const AnswerPtr& answer, TimePoint now) {
    const milliseconds lifetime = lifetime_of(*answer);
    if (answer->failed()) {
        if (lifetime <= milliseconds(0)) return;
        // Trouble does not push out what was known (RFC 8767 §4).
        CacheEntry* old = store_.find(keys.typed);
        if (old != nullptr && !old->answer->failed())
            store_.fail(*old, answer, now);
        else
            store_.put(keys.typed, answer, now, now + lifetime);
        return;
    }
    const bool of_all_types = answer->outcome == Outcome::nx_domain && !keys.is_cname;
    const CacheKeyView& key = of_all_types ? keys.any : keys.typed;
    // The contrary of it is not true any more, not even as something stale.
    if (!keys.is_cname) store_.erase(of_all_types ? keys.typed : keys.any);
    if (lifetime > milliseconds(0))
        store_.put(key, answer, now, now + lifetime);
    else
        store_.erase(key);  // RFC 8767 §7: nor is this used when it is stale
}

void CacheShard::add_to(CacheStatistics& sum) const {
    sum.queries += counted.queries;
    sum.cache_hits += counted.cache_hits;
    sum.joins += counted.joins;
    sum.failures += counted.failures;
    sum.prefetches += counted.prefetches;
    sum.stale_answers += counted.stale_answers;
    sum.evictions += store_.evictions();
    sum.entries += store_.entries();
    sum.octets += store_.octets();
    sum.capacity += store_.capacity();
    sum.in_flight += flights.size();
    sum.questions.add(counted.questions);
    sum.latency.add(counted.latency);
}

}  // namespace gatepost::dns
