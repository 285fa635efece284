#include "server/rate_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace gatepost::server {
namespace {

constexpr std::size_t shards = 16;  // local: workers rarely meet

struct Window {
    RateTable::TimePoint start;
    std::uint64_t previous = 0;
    std::uint64_t current = 0;

    void move_to(RateTable::TimePoint now, std::chrono::milliseconds per) {
        if (now < start + per) return;
        const bool adjacent = now < start + 2 * per;
        previous = adjacent ? current : 0;
        start = adjacent ? start + per : now;
        current = 0;
    }
    double used(RateTable::TimePoint now, std::chrono::milliseconds per) const {
        const std::chrono::duration<double> passed = std::max(now - start, RateTable::TimePoint::duration(0));
        const double left = 1 - std::min(1.0, passed / std::chrono::duration<double>(per));
        return static_cast<double>(current) + static_cast<double>(previous) * left;
    }
};

std::uint64_t hash_of(const RateTable::Key& key, const dns::HashKey& hash_key) {
    std::array<char, sizeof(key.what) + 17> octets{};
    std::memcpy(octets.data(), &key.what, sizeof(key.what));
    std::memcpy(octets.data() + sizeof(key.what), key.who.octets().data(), key.who.octets().size());
    octets.back() = key.who.is_v4() ? '4' : '6';
    return dns::keyed_hash(hash_key, std::string_view(octets.data(), octets.size()));
}

struct Hash {
    dns::HashKey hash_key;
    std::size_t operator()(const RateTable::Key& key) const { return hash_of(key, hash_key); }
};

}  // namespace

struct RateTable::Shard {
    Shard(const dns::HashKey& hash_key, std::size_t entries) : places(0, Hash{hash_key}), most(entries) {}

    using Order = std::list<std::pair<Key, Window>>;  // the one touched last at the front

    mutable std::mutex mutex;
    Order order;
    std::unordered_map<Key, Order::iterator, Hash> places;
    std::size_t most;

    Window& touch(const Key& key, TimePoint now) {
        const auto found = places.find(key);
        if (found != places.end()) {
            order.splice(order.begin(), order, found->second);
            return found->second->second;
        }
        if (places.size() >= most) {
            places.erase(order.back().first);
            order.pop_back();
        }
        Window window;
        window.start = now;
        order.emplace_front(key, window);
        places.emplace(key, order.begin());
        return order.front().second;
    }
};

RateTable::RateTable(dns::HashKey hash_key, std::size_t entries) : hash_key_(hash_key) {
    const std::size_t count = std::min(shards, std::max<std::size_t>(1, entries));
    for (std::size_t i = 0; i < count; ++i)
        shards_.push_back(std::make_unique<Shard>(hash_key, std::max<std::size_t>(1, entries / count)));
}

RateTable::~RateTable() = default;

RateTable::Shard& RateTable::shard_of(const Key& key) const {
    return *shards_[(hash_of(key, hash_key_) >> 32) % shards_.size()];  // a shard's table uses the lower bits
}

bool RateTable::take(const Key& key, const Limit& limit, TimePoint now) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    Window& window = shard.touch(key, now);
    window.move_to(now, limit.per);
    if (window.used(now, limit.per) + 1 > static_cast<double>(limit.most)) return false;
    ++window.current;
    return true;
}

bool RateTable::is_spent(const Key& key, const Limit& limit, TimePoint now) const {
    const Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.places.find(key);
    if (found == shard.places.end()) return limit.most == 0;
    Window window = found->second->second;
    window.move_to(now, limit.per);
    return window.used(now, limit.per) + 1 > static_cast<double>(limit.most);
}

std::size_t RateTable::size() const {
    std::size_t total = 0;
    for (const auto& shard : shards_) {
        const std::lock_guard lock(shard->mutex);
        total += shard->places.size();
    }
    return total;
}

}  // namespace gatepost::server
