// Settings of the network resolver and its cache, and whom it asks.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::dns {

// A server, and how it is asked: over UDP and TCP, or over TLS alone (RFC 7858).
struct ServerAddress {
    IpAddress address;
    std::uint16_t port = 53;
    bool tls = false;
    std::optional<DomainName> tls_name;  // whom its certificate must name; none: its address
    bool trust_ad = false;               // resolv.conf(5) "options trust-ad"
    friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

// As dns.servers writes it: "192.0.2.1:53", "tls://[2001:db8::1]:853#dns.example".
std::string to_string(const ServerAddress& server);

// Whether its AD bit is believed. The bit is as good as the way it came (RFC 4035 §4.9.3): over TLS, from
// this machine, or from a server that resolv.conf declares trusted.
bool believes_authentic_data(const ServerAddress& server);

struct ResolverOptions {
    std::vector<ServerAddress> servers;       // empty: those of /etc/resolv.conf
    std::chrono::milliseconds timeout{5000};  // of a whole question, all tries included
    std::size_t cache_entries = 200'000;
    std::vector<std::string> overrides;  // local records in zone-file syntax, one each
};

}  // namespace gatepost::dns
