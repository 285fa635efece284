// Addresses as the configuration writes them: where to listen, whom to ask, where to deliver.
#pragma once

#include "config/config.hpp"

#include "dns/domain_name.hpp"
#include "dns/resolver_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::config {

// "host:port", "host", "[2001:db8::1]:25", "2001:db8::1". The host is not looked at further. nullopt: an
// empty host, or a port outside 1..65535.
struct HostAndPort {
    std::string host;
    std::optional<std::uint16_t> port;
};
std::optional<HostAndPort> parse_host_and_port(std::string_view text);

// An IP address with a port, which is never left out.
std::optional<SocketAddress> parse_socket_address(std::string_view text);

// An IP address, port 53 unless given; or "tls://ADDRESS#NAME", port 853 unless given and never 53 (RFC
// 7858), where NAME is whom the certificate must name, the address itself without it.
std::optional<dns::ServerAddress> parse_dns_server(std::string_view text);

// A server of `relay.to`: a host name or an IP address, port 25 unless given; after "lmtp://" port 24 unless
// given, and never 25 (RFC 2033 §5); or "unix:" and the absolute path of a UNIX socket. nullopt with
// `problem` set: what is wrong with it.
std::optional<ServerDestination> parse_server_destination(std::string_view text, std::string& problem);

// A host name (RFC 1123 §2.1) in A-labels; U-labels are converted. No wildcards, no IP addresses.
std::optional<dns::DomainName> parse_host_name(std::string_view text);

// The same for a host of the operator's own network that we only connect to: '_' may stand in it, as it does
// in the service names of container networks ("mail_server").
std::optional<dns::DomainName> parse_local_host_name(std::string_view text);

// local-part@domain, as far as a report's header needs it: one '@', no blanks, a host name behind it.
bool is_mail_address(std::string_view text);

}  // namespace gatepost::config
