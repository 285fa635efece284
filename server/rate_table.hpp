// How often something happened lately, for each of many: a sliding window of two counters. Shared by all
// workers, sharded, and bounded: beyond its size the entries touched least recently go, so that whoever fills
// the table with addresses frees himself from limits at most, and costs no memory. The clock is handed in.
#pragma once

#include "dns/ip_address.hpp"
#include "dns/keyed_hash.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace gatepost::server {

class RateTable {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    struct Key {
        std::uint64_t what = 0;  // which limit
        dns::IpAddress who;
        friend bool operator==(const Key&, const Key&) = default;
    };
    // At most `most` within any `per`. What happened in the window before counts by the part of it that still
    // lies within `per`, as if it had been spread evenly.
    struct Limit {
        std::size_t most = 0;
        std::chrono::milliseconds per{0};
    };

    static constexpr std::size_t default_entries = 100'000;  // local: about 15 MB when full
    // `hash_key` is drawn at start: addresses are chosen by strangers.
    explicit RateTable(dns::HashKey hash_key = {}, std::size_t entries = default_entries);
    ~RateTable();
    RateTable(const RateTable&) = delete;
    RateTable& operator=(const RateTable&) = delete;

    // Any thread. Counts one more, unless that were more than the limit: then false.
    bool take(const Key& key, const Limit& limit, TimePoint now);
    // Whether the next take() would give false.
    bool is_spent(const Key& key, const Limit& limit, TimePoint now) const;
    std::size_t size() const;

  private:
    struct Shard;
    Shard& shard_of(const Key& key) const;

    dns::HashKey hash_key_;
    std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace gatepost::server
