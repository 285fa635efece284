// How many connections there may be: in all (limits.connections), of one client
// (limits.connections_per_client) and of one network (limits.connections_per_network).
#pragma once

#include "dns/address_hash.hpp"
#include "dns/ip_address.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace gatepost::server {

// How near the bounds are, and how often each was reached.
struct ConnectionCounts {
    std::uint64_t open = 0;
    std::uint64_t bound = 0;  // in all
    std::uint64_t largest_client = 0;
    std::uint64_t largest_network = 0;
    std::array<std::uint64_t, 4> verdicts{};  // by ConnectionLimits::Verdict
};

class ConnectionLimits {
  public:
    struct Bounds {
        std::size_t connections = 10'000;
        std::size_t per_client = 50;
        // 0: no limit. nullopt: a quarter of `connections`, and half for all networks of a provider, in force
        // while more than 75 % of them are taken.
        std::optional<std::size_t> per_network = 0;
        // Some clients are preferred: the last sixteenth of `connections` is theirs alone.
        bool has_reserve = false;
        bool is_preferred = false;  // this client is one of them: it takes of the reserve, and auto spares it
    };
    enum class Verdict { admitted, too_many, too_many_of_client, too_many_of_network };

    // `hash_key` is drawn at start: addresses are chosen by strangers.
    explicit ConnectionLimits(const dns::HashKey& hash_key = {})
        : by_client_(0, dns::AddressHash{hash_key}),
          by_network_(0, dns::AddressHash{hash_key}),
          by_provider_(0, dns::AddressHash{hash_key}) {}

    // No more than this at a time, whatever Bounds say: the process has not the descriptors.
    void bound_by_descriptors(std::size_t most) { most_ = most; }
    // Any thread. Each admitted connection is given back by leave(). Memory is bounded by the connections
    // open.
    Verdict enter(const dns::IpAddress& client, const Bounds& bounds);
    void leave(const dns::IpAddress& client);
    // One of the connections of `from` turns out to be another client's. Unless admitted, the connection
    // still counts as one of `from`.
    Verdict move(const dns::IpAddress& from, const dns::IpAddress& to, const Bounds& bounds);
    std::size_t open() const;
    // Looks at every client that is connected: for metrics.
    ConnectionCounts counts() const;

  private:
    using Counts = std::unordered_map<dns::IpAddress, std::size_t, dns::AddressHash>;  // without zeros
    static std::size_t count(const Counts& counts, const dns::IpAddress& key);
    static void take_one(Counts& counts, const dns::IpAddress& key);
    // `others`: the connections beside this one.
    Verdict judge(const dns::IpAddress& client, std::size_t others, const Bounds& bounds) const;
    Verdict counted(Verdict verdict);
    void add_one(const dns::IpAddress& client);
    void forget_one(const dns::IpAddress& client);

    mutable std::mutex mutex_;
    Counts by_client_;
    Counts by_network_;
    Counts by_provider_;
    std::size_t open_ = 0;
    std::size_t bound_ = 0;  // in all, at the last connection
    std::array<std::uint64_t, 4> verdicts_{};
    std::atomic<std::size_t> most_ = std::numeric_limits<std::size_t>::max();
};

// The key of the limit that was reached; empty: admitted.
std::string_view limit_reached(ConnectionLimits::Verdict verdict);

}  // namespace gatepost::server
