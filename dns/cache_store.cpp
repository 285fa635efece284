#include "dns/cache_store.hpp"

#include <algorithm>
#include <bit>

namespace gatepost::dns {
namespace {

using std::chrono::seconds;

constexpr std::size_t small_share = 10;    // a tenth, as S3-FIFO has it
constexpr std::uint8_t max_frequency = 3;  // as S3-FIFO has it: two bits
constexpr seconds same_message{20};        // local: the time that one message may ask in; it is no second use
constexpr std::size_t octets_per_ghost = 512;  // local: as many marks as ordinary entries
constexpr std::size_t max_ghosts = 1 << 16;
constexpr std::size_t least_entries_that_fit = 2;  // local: no single answer takes more than half of the room

// local: what malloc adds to an allocation, at most, and what the table takes for an entry: node, bucket,
// mark.
constexpr std::size_t allocation_octets = 24;
constexpr std::size_t entry_octets = sizeof(CacheKey) + sizeof(CacheEntry) + 2 * sizeof(void*) +
                                     sizeof(void*) + sizeof(std::uint32_t) + allocation_octets;
constexpr std::size_t control_block_octets = 16;
// local: what readers derive from texts and keep beside them (DerivedValues) is paid for when the texts come.
// A key record of 234 octets becomes a loaded RSA-1024 key of 1.3 KiB, 16 KiB of SPF 63 KiB of networks; a
// record of any kind has a size of its own, and no more than four at a name are kept
// (tests/unit/auth/derived_size_test).
constexpr std::size_t derived_octets_per_text_octet = 4;
constexpr std::size_t record_octets = 464;
constexpr std::size_t most_records = 4;

std::size_t heap_octets(const std::string& text) {
    constexpr std::size_t inside = 15;  // of std::string
    return text.capacity() > inside ? text.capacity() + 1 + allocation_octets : 0;
}

std::size_t heap_octets(const RecordData& data) {
    if (const auto* text = std::get_if<std::string>(&data)) return heap_octets(*text);
    if (const auto* name = std::get_if<DomainName>(&data)) return heap_octets(name->text());
    if (const auto* mx = std::get_if<MxData>(&data)) return heap_octets(mx->exchange.text());
    return 0;
}

std::size_t octets_to_be_derived(const std::vector<RecordData>& records) {
    std::size_t texts = 0;
    std::size_t octets = 0;
    for (const RecordData& data : records) {
        const auto* text = std::get_if<std::string>(&data);
        if (!text) continue;
        ++texts;
        octets += text->size();
    }
    return std::min(texts, most_records) * record_octets + octets * derived_octets_per_text_octet;
}

}  // namespace

std::size_t octets_of(const Answer& answer) {
    std::size_t octets = sizeof(Answer) + control_block_octets + allocation_octets;
    octets += heap_octets(answer.detail) + heap_octets(answer.servers);
    if (!answer.records.empty()) octets += answer.records.capacity() * sizeof(RecordData) + allocation_octets;
    for (const RecordData& data : answer.records)
        octets += heap_octets(data);
    return octets + octets_to_be_derived(answer.records);
}

std::size_t octets_of_entry(const DomainName& name, const Answer& answer) {
    return entry_octets + heap_octets(name.text()) + octets_of(answer);
}

CacheKeyView key_of_name(const HashKey& secret, const DomainName& name) {
    return CacheKeyView{name, 0, keyed_hash(secret, name.text())};
}

CacheKeyView key_of_type(const CacheKeyView& of_name, RrType type) {
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;  // spreads the few types over all bits
    const auto number = static_cast<std::uint16_t>(type);
    return CacheKeyView{of_name.name, number, of_name.hash + number * odd};
}

CacheStore::CacheStore(std::size_t capacity)
    : ghosts_(std::clamp(std::bit_ceil(capacity / octets_per_ghost), std::size_t{1}, max_ghosts)),
      capacity_(capacity) {}

CacheEntry* CacheStore::find(const CacheKeyView& key) {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
}

void CacheStore::use(CacheEntry& entry, TimePoint now) {
    if (entry.uses < 255) ++entry.uses;
    if (entry.frequency < max_frequency && now - entry.arrived >= same_message) ++entry.frequency;
}

bool CacheStore::put(const CacheKeyView& key, const AnswerPtr& answer, TimePoint now, TimePoint expires) {
    const std::size_t octets = octets_of_entry(key.name, *answer);
    if (octets > capacity_ / least_entries_that_fit) {
        erase(key);  // what it replaces is not true any more
        return false;
    }
    CacheEntry* entry = find(key);
    if (entry != nullptr) {
        unlink(*entry);  // keeps its queue and its past
    } else {
        const auto place = entries_.try_emplace(CacheKey(key)).first;
        entry = &place->second;
        entry->key = &place->first;
        entry->arrived = now;
        const auto mark = static_cast<std::uint32_t>(key.hash >> 32);
        entry->in_main = mark != 0 && ghost(key.hash) == mark;
        if (entry->in_main) ghost(key.hash) = 0;
    }
    entry->answer = answer;
    entry->answered = now;
    entry->expires = expires;
    entry->failure.reset();
    entry->uses = 0;
    entry->octets = static_cast<std::uint32_t>(octets);
    make_room(octets);
    link(*entry);
    return true;
}

void CacheStore::fail(CacheEntry& entry, const AnswerPtr& failure, TimePoint now) {
    unlink(entry);
    if (entry.failure) entry.octets -= static_cast<std::uint32_t>(octets_of(*entry.failure));
    entry.failure = failure;
    entry.failed_at = now;
    const std::size_t octets = octets_of(*failure);
    entry.octets += static_cast<std::uint32_t>(octets);
    make_room(entry.octets);
    link(entry);
}

void CacheStore::erase(const CacheKeyView& key) {
    if (CacheEntry* entry = find(key)) drop(*entry);
}

void CacheStore::link(CacheEntry& entry) {
    Queue& queue = queue_of(entry);
    entry.newer = nullptr;
    entry.older = queue.newest;
    (queue.newest != nullptr ? queue.newest->newer : queue.oldest) = &entry;
    queue.newest = &entry;
    queue.octets += entry.octets;
}

void CacheStore::unlink(CacheEntry& entry) {
    Queue& queue = queue_of(entry);
    (entry.newer != nullptr ? entry.newer->older : queue.newest) = entry.older;
    (entry.older != nullptr ? entry.older->newer : queue.oldest) = entry.newer;
    queue.octets -= entry.octets;
}

void CacheStore::move_to_main(CacheEntry& entry) {
    unlink(entry);
    entry.in_main = true;
    link(entry);
}

void CacheStore::drop(CacheEntry& entry) {
    unlink(entry);
    entries_.erase(entries_.find(CacheKeyView{entry.key->name, entry.key->type, entry.key->hash}));
}

void CacheStore::evict_one() {
    const bool from_small = small_.octets > capacity_ / small_share || main_.oldest == nullptr;
    CacheEntry& oldest = *(from_small ? small_ : main_).oldest;
    if (from_small && oldest.frequency > 0) {
        oldest.frequency = 0;
        return move_to_main(oldest);
    }
    if (oldest.frequency > 0) {
        --oldest.frequency;
        return move_to_main(oldest);  // to its end once more
    }
    if (from_small) ghost(oldest.key->hash) = static_cast<std::uint32_t>(oldest.key->hash >> 32);
    ++evictions_;
    drop(oldest);
}

void CacheStore::make_room(std::size_t octets) {
    const std::size_t fixed = ghosts_.size() * sizeof(std::uint32_t);
    const std::size_t room = capacity_ > fixed ? capacity_ - fixed : 0;
    while (this->octets() + octets > room && this->octets() > 0)
        evict_one();
}

}  // namespace gatepost::dns
