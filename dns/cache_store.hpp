// What one shard of the cache holds, within a bound of octets, without a lock. Eviction after S3-FIFO (Yang
// et al., SOSP 2023): a small queue takes what is new, the main queue what was asked for again later than by
// the message that brought it; a name that was dropped from the small queue and comes back goes straight to
// the main one. So a flood of names that are asked for once passes through a tenth of the room.
#pragma once

#include "dns/answer.hpp"
#include "dns/domain_name.hpp"
#include "dns/keyed_hash.hpp"
#include "dns/record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace gatepost::dns {

using TimePoint = std::chrono::steady_clock::time_point;

// Name and type with the keyed hash of both: who sends mail chooses the names, and could choose them to
// collide.
struct CacheKeyView {
    const DomainName& name;
    std::uint16_t type;
    std::uint64_t hash;
};
struct CacheKey {
    explicit CacheKey(const CacheKeyView& view) : name(view.name), type(view.type), hash(view.hash) {}
    DomainName name;
    std::uint16_t type;
    std::uint64_t hash;
};
struct CacheKeyHash {
    using is_transparent = void;
    std::size_t operator()(const CacheKey& key) const { return key.hash; }
    std::size_t operator()(const CacheKeyView& key) const { return key.hash; }
};
struct CacheKeyEqual {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
        return a.hash == b.hash && a.type == b.type && a.name == b.name;
    }
};
// What holds of every type of a name stands under type 0.
CacheKeyView key_of_name(const HashKey& secret, const DomainName& name);
CacheKeyView key_of_type(const CacheKeyView& of_name, RrType type);

struct CacheEntry {
    AnswerPtr answer;
    TimePoint answered;
    TimePoint expires;
    AnswerPtr failure;  // of asking anew, kept beside what was known before, or null
    TimePoint failed_at;
    std::uint32_t octets = 0;
    std::uint8_t uses = 0;  // since `answered`, up to 255

  private:
    friend class CacheStore;
    TimePoint arrived;
    const CacheKey* key = nullptr;
    CacheEntry* newer = nullptr;
    CacheEntry* older = nullptr;
    std::uint8_t frequency = 0;
    bool in_main = false;
};

class CacheStore {
  public:
    // Takes at most so many octets in all, the table itself included.
    explicit CacheStore(std::size_t capacity);
    CacheStore(CacheStore&&) = delete;

    // Null: not there. Whether it has expired is for the caller to see.
    CacheEntry* find(const CacheKeyView& key);
    // The entry was of use to a question.
    void use(CacheEntry& entry, TimePoint now);
    // Keeps an answer, in place of an older one, and drops others for it. False: it is too large.
    bool put(const CacheKeyView& key, const AnswerPtr& answer, TimePoint now, TimePoint expires);
    // Asking anew for what the entry knows failed.
    void fail(CacheEntry& entry, const AnswerPtr& failure, TimePoint now);
    void erase(const CacheKeyView& key);

    std::size_t entries() const { return entries_.size(); }
    std::size_t octets() const { return small_.octets + main_.octets; }
    std::size_t capacity() const { return capacity_; }
    std::uint64_t evictions() const { return evictions_; }

  private:
    struct Queue {
        CacheEntry* newest = nullptr;
        CacheEntry* oldest = nullptr;
        std::size_t octets = 0;
    };
    Queue& queue_of(const CacheEntry& entry) { return entry.in_main ? main_ : small_; }
    void link(CacheEntry& entry);
    void unlink(CacheEntry& entry);
    void move_to_main(CacheEntry& entry);
    void drop(CacheEntry& entry);
    void evict_one();
    void make_room(std::size_t octets);
    std::uint32_t& ghost(std::uint64_t hash) { return ghosts_[hash & (ghosts_.size() - 1)]; }

    std::unordered_map<CacheKey, CacheEntry, CacheKeyHash, CacheKeyEqual> entries_;
    Queue small_;
    Queue main_;
    std::vector<std::uint32_t> ghosts_;  // marks of what the small queue dropped last, by hash
    std::size_t capacity_;
    std::uint64_t evictions_ = 0;
};

// What an answer takes in memory, with what readers may derive from it.
std::size_t octets_of(const Answer& answer);
// The same with its name and its place in the table.
std::size_t octets_of_entry(const DomainName& name, const Answer& answer);

}  // namespace gatepost::dns
