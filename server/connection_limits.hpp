// How many connections there may be, in all and of one client (limits.connections,
// limits.connections_per_client). A client is an IPv4 address or an IPv6 /64: whoever has one address of a
// /64 has them all.
#pragma once

#include "dns/ip_address.hpp"

#include <cstddef>
#include <mutex>
#include <unordered_map>

namespace gatepost::server {

class ConnectionLimits {
  public:
    struct Bounds {
        std::size_t connections = 10'000;
        std::size_t per_client = 50;
    };
    enum class Verdict { admitted, too_many, too_many_of_client };

    // Any thread. Each admitted connection is given back by leave(). Memory is bounded by the connections
    // open.
    Verdict enter(const dns::IpAddress& client, const Bounds& bounds);
    void leave(const dns::IpAddress& client);
    // One of the connections of `from` turns out to be another client's. False: that one has `per_client`
    // already, and the connection still counts as one of `from`.
    bool move(const dns::IpAddress& from, const dns::IpAddress& to, std::size_t per_client);
    std::size_t open() const;

  private:
    void forget_one(const dns::IpAddress& client);

    mutable std::mutex mutex_;
    std::unordered_map<dns::IpAddress, std::size_t> by_client_;
    std::size_t open_ = 0;
};

}  // namespace gatepost::server
