#include "dns/cache.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::dns {
namespace {

using std::chrono::seconds;

constexpr std::size_t many_entries = 1024;   // local: below this one shard is enough
constexpr std::size_t shards_of_many = 16;   // local: some times the workers of an ordinary machine
constexpr seconds max_positive_ttl{86'400};  // local: a day, so that a wrong record does not stay for weeks
constexpr seconds max_negative_ttl{3'600};   // RFC 2308 §5: one to three hours work well
constexpr seconds failure_ttl{5};            // RFC 2308 §7: at most five minutes; mail is tried again soon
constexpr std::size_t octets_per_weight = 512;  // local: an entry larger than this counts as several
// local: what readers derive from a text and keep beside it (DerivedValue) is paid for when the text comes. A
// key record of 400 octets becomes a loaded RSA-2048 key of 2 KiB; other kinds of keys have ratios near it.
constexpr std::size_t derived_octets_per_text_octet = 4;

// NXDOMAIN holds for every type (RFC 2308 §5) and stands under none.
constexpr std::uint16_t any_type = 0;

using Key = std::pair<DomainName, std::uint16_t>;
using KeyView = std::pair<const DomainName&, std::uint16_t>;

// Ordered, not hashed: who sends mail chooses the names, and could choose them to collide.
struct KeyLess {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
        return a.second != b.second ? a.second < b.second : a.first < b.first;
    }
};

KeyView key_of(const DomainName& name, RrType type) {
    return {name, static_cast<std::uint16_t>(type)};
}

std::size_t octets_of(const RecordData& data) {
    if (const auto* text = std::get_if<std::string>(&data))
        return text->size() * (1 + derived_octets_per_text_octet);
    if (const auto* name = std::get_if<DomainName>(&data)) return name->text().size();
    if (const auto* mx = std::get_if<MxData>(&data)) return mx->exchange.text().size();
    return 0;
}

std::size_t weight_of(const DomainName& name, const Answer& answer) {
    std::size_t octets = name.text().size() + answer.detail.size();
    for (const RecordData& data : answer.records)
        octets += sizeof(RecordData) + octets_of(data);
    return 1 + octets / octets_per_weight;
}

seconds lifetime_of(const Answer& answer) {
    switch (answer.outcome) {
        case Outcome::success:
            return std::min(answer.ttl, max_positive_ttl);
        case Outcome::no_data:
        case Outcome::nx_domain:
            return std::min(answer.ttl, max_negative_ttl);
        case Outcome::temp_error:
            return failure_ttl;
    }
    return seconds(0);
}

AnswerPtr abandoned_answer() {
    auto answer = std::make_shared<Answer>();
    answer->detail = "the worker that asked has stopped";
    return answer;
}

}  // namespace

struct Cache::Shard {
    struct Entry {
        Key key;
        AnswerPtr answer;
        TimePoint expires;
        std::size_t weight;
    };
    struct Flight {
        Ticket id = 0;
        TimePoint started;
        std::map<Ticket, Waker> waiters;
    };
    using Entries = std::list<Entry>;

    std::mutex mutex;
    Entries recent;  // the entry used last is the first
    std::map<Key, Entries::iterator, KeyLess> entries;
    std::map<Key, Flight, KeyLess> flights;
    std::size_t capacity = 0;  // in weights
    std::size_t weight = 0;
    Ticket next_ticket = 0;
    CacheStatistics counted;

    void erase(Entries::iterator entry) {
        weight -= entry->weight;
        entries.erase(entry->key);
        recent.erase(entry);
    }

    AnswerPtr live(const KeyView& key, TimePoint now) {
        const auto found = entries.find(key);
        if (found == entries.end()) return nullptr;
        const auto entry = found->second;
        if (entry->expires <= now) {
            erase(entry);
            return nullptr;
        }
        recent.splice(recent.begin(), recent, entry);
        return entry->answer;
    }

    AnswerPtr known(const DomainName& name, RrType type, TimePoint now) {
        AnswerPtr answer = live(key_of(name, type), now);
        // A CNAME may exist where what it leads to does not.
        if (!answer && type != RrType::cname) answer = live(KeyView(name, any_type), now);
        if (answer) ++counted.cache_hits;
        return answer;
    }

    void keep(const DomainName& name, RrType type, const AnswerPtr& answer, TimePoint now) {
        const seconds lifetime = lifetime_of(*answer);
        const std::size_t size = weight_of(name, *answer);
        if (lifetime <= seconds(0) || size > capacity) return;
        const bool of_all_types = answer->outcome == Outcome::nx_domain && type != RrType::cname;
        Key key(name, of_all_types ? any_type : static_cast<std::uint16_t>(type));
        if (const auto old = entries.find(key); old != entries.end()) {
            // Trouble does not push out what is still known.
            if (answer->failed() && old->second->expires > now && !old->second->answer->failed()) return;
            erase(old->second);
        }
        while (weight + size > capacity)
            erase(std::prev(recent.end()));
        recent.push_front(Entry{key, answer, now + lifetime, size});
        entries.emplace(std::move(key), recent.begin());
        weight += size;
    }

    void land(std::map<Key, Flight, KeyLess>::iterator flight, const AnswerPtr& answer) {
        for (const auto& [ticket, waker] : flight->second.waiters)
            waker(answer);
        flights.erase(flight);
    }
};

struct Cache::State {
    std::vector<Shard> shards;
    std::chrono::milliseconds lost_after;
};

Cache::Cache(std::size_t entries, std::chrono::milliseconds lost_after) : state_(std::make_unique<State>()) {
    state_->shards = std::vector<Shard>(entries < many_entries ? 1 : shards_of_many);
    state_->lost_after = lost_after;
    for (Shard& shard : state_->shards)
        shard.capacity = entries / state_->shards.size();
}

Cache::~Cache() = default;

Cache::Shard& Cache::shard_of(const DomainName& name) const {
    return state_->shards[std::hash<DomainName>{}(name) % state_->shards.size()];
}

AnswerPtr Cache::find(const DomainName& name, RrType type, TimePoint now) {
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    AnswerPtr answer = shard.known(name, type, now);
    if (answer) ++shard.counted.queries;  // else join() counts the question
    return answer;
}

Cache::Joined Cache::join(const DomainName& name, RrType type, TimePoint now, Waker waker) {
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    ++shard.counted.queries;
    Joined joined;
    joined.answer = shard.known(name, type, now);  // it may have come since find()
    if (joined.answer) return joined;

    auto flight = shard.flights.find(key_of(name, type));
    if (flight == shard.flights.end())
        flight = shard.flights.try_emplace(Key(name, static_cast<std::uint16_t>(type))).first;
    Shard::Flight& found = flight->second;
    joined.lead = found.id == 0 || now - found.started >= state_->lost_after;
    if (joined.lead) {
        found.id = ++shard.next_ticket;
        found.started = now;
    } else {
        ++shard.counted.joins;
    }
    joined.flight = found.id;
    joined.waiter = ++shard.next_ticket;
    found.waiters.emplace(joined.waiter, std::move(waker));
    return joined;
}

void Cache::leave(const DomainName& name, RrType type, Ticket waiter) {
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    const auto flight = shard.flights.find(key_of(name, type));
    if (flight != shard.flights.end()) flight->second.waiters.erase(waiter);
}

void Cache::complete(const DomainName& name, RrType type, AnswerPtr answer, TimePoint now) {
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    if (answer->failed()) ++shard.counted.failures;
    shard.keep(name, type, answer, now);
    const auto flight = shard.flights.find(key_of(name, type));
    if (flight != shard.flights.end()) shard.land(flight, answer);
}

void Cache::abandon(const DomainName& name, RrType type, Ticket id) {
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    const auto flight = shard.flights.find(key_of(name, type));
    // Another leader may have taken over, when this one seemed lost.
    if (flight == shard.flights.end() || flight->second.id != id) return;
    ++shard.counted.failures;
    shard.land(flight, abandoned_answer());
}

std::chrono::milliseconds Cache::lost_after() const {
    return state_->lost_after;
}

CacheStatistics Cache::statistics() const {
    CacheStatistics sum;
    for (Shard& shard : state_->shards) {
        const std::lock_guard lock(shard.mutex);
        sum.queries += shard.counted.queries;
        sum.cache_hits += shard.counted.cache_hits;
        sum.joins += shard.counted.joins;
        sum.failures += shard.counted.failures;
        sum.entries += shard.entries.size();
        sum.in_flight += shard.flights.size();
    }
    return sum;
}

}  // namespace gatepost::dns
