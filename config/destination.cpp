#include "config/address.hpp"
#include "config/problem.hpp"

#include "dns/ip_address.hpp"

#include <cstddef>

namespace gatepost::config {
namespace {

constexpr std::uint16_t smtp_port = 25;
constexpr std::uint16_t lmtp_port = 24;  // IANA: "any private mail system", where LMTP is found by custom
constexpr std::string_view lmtp_scheme = "lmtp://";
constexpr std::string_view unix_scheme = "unix:";

std::optional<ServerDestination> parse_socket(std::string_view text, std::string& problem) {
    const std::string_view path = text.substr(unix_scheme.size());
    constexpr std::size_t max_path_octets = 107;  // unix(7): sun_path without its last NUL
    const bool absolute = path.starts_with('/') && !path.starts_with("//");
    if (!absolute || path.find('\0') != std::string_view::npos)
        problem = in_quotes(text) + " names no absolute path, as unix:/run/dovecot/lmtp does";
    if (path.empty()) problem = "unix: without a path";
    if (path.size() > max_path_octets)
        problem = "the path of a UNIX socket has at most " + std::to_string(max_path_octets) + " octets";
    if (!problem.empty()) return std::nullopt;
    ServerDestination destination;
    destination.socket = path;
    destination.lmtp = true;
    return destination;
}

}  // namespace

std::optional<ServerDestination> parse_server_destination(std::string_view text, std::string& problem) {
    problem.clear();
    if (text.starts_with(unix_scheme)) return parse_socket(text, problem);
    ServerDestination destination;
    std::string_view place = text;
    destination.lmtp = text.starts_with(lmtp_scheme);
    if (destination.lmtp) place.remove_prefix(lmtp_scheme.size());
    const auto parts = parse_host_and_port(place);
    const auto address = parts ? dns::IpAddress::parse(parts->host) : std::nullopt;
    const auto name = parts && !address ? parse_local_host_name(parts->host) : std::nullopt;
    if (!address && !name) {
        problem = in_quotes(text) + " is none of host:port, lmtp://host:port, unix:/PATH and maildir:PATH";
        return std::nullopt;
    }
    destination.host = address ? address->text() : name->text();
    destination.port = parts->port.value_or(destination.lmtp ? lmtp_port : smtp_port);
    // RFC 2033 §5: "it MUST NOT be used on the TCP service port 25".
    if (destination.lmtp && destination.port == smtp_port) {
        problem = "LMTP has no place on port 25 (RFC 2033 section 5)";
        return std::nullopt;
    }
    return destination;
}

std::string ServerDestination::text() const {
    if (is_local()) return std::string(unix_scheme) + socket.string();
    const bool v6 = host.find(':') != std::string::npos;
    std::string text(lmtp ? lmtp_scheme : "");
    text += v6 ? '[' + host + ']' : host;
    return text + ':' + std::to_string(port);
}

}  // namespace gatepost::config
