// How many connections there may be, in all and of one client (limits.connections,
// limits.connections_per_client) and of one network (limits.connections_per_network).
#pragma once

#include "dns/address_hash.hpp"
#include "dns/ip_address.hpp"

#include <cstddef>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace gatepost::server {

class ConnectionLimits {
  public:
    struct Bounds {
        std::size_t connections = 10'000;
        std::size_t per_client = 50;
        std::size_t per_network = 0;  // 0: no limit
    };
    enum class Verdict { admitted, too_many, too_many_of_client, too_many_of_network };

    // `hash_key` is drawn at start: addresses are chosen by strangers.
    explicit ConnectionLimits(const dns::HashKey& hash_key = {})
        : by_client_(0, dns::AddressHash{hash_key}), by_network_(0, dns::AddressHash{hash_key}) {}

    // Any thread. Each admitted connection is given back by leave(). Memory is bounded by the connections
    // open.
    Verdict enter(const dns::IpAddress& client, const Bounds& bounds);
    void leave(const dns::IpAddress& client);
    // One of the connections of `from` turns out to be another client's. Unless admitted, the connection
    // still counts as one of `from`.
    Verdict move(const dns::IpAddress& from, const dns::IpAddress& to, const Bounds& bounds);
    std::size_t open() const;

  private:
    using Counts = std::unordered_map<dns::IpAddress, std::size_t, dns::AddressHash>;  // without zeros
    static std::size_t count(const Counts& counts, const dns::IpAddress& key);
    static void take_one(Counts& counts, const dns::IpAddress& key);
    Verdict judge(const dns::IpAddress& client, const Bounds& bounds) const;
    void add_one(const dns::IpAddress& client);
    void forget_one(const dns::IpAddress& client);

    mutable std::mutex mutex_;
    Counts by_client_;
    Counts by_network_;
    std::size_t open_ = 0;
};

// The key of the limit that was reached; empty: admitted.
std::string_view limit_reached(ConnectionLimits::Verdict verdict);

}  // namespace gatepost::server
