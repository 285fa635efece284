// Settings of the network resolver and its cache.
#pragma once

#include "dns/ip_address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::dns {

struct ServerAddress {
    IpAddress address;
    std::uint16_t port = 53;
    friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

struct ResolverOptions {
    std::vector<ServerAddress> servers;       // empty: those of /etc/resolv.conf
    std::chrono::milliseconds timeout{5000};  // of a whole question, all tries included
    std::size_t cache_entries = 200'000;
    std::vector<std::string> overrides;  // local records in zone-file syntax, one each
};

}  // namespace gatepost::dns
