#include "config/address.hpp"

#include "dns/ascii.hpp"
#include "dns/idna.hpp"
#include "dns/ip_address.hpp"

#include <algorithm>
#include <cstddef>

namespace gatepost::config {
namespace {

constexpr std::size_t max_port_digits = 5;

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto port = ascii::parse_decimal<std::uint16_t>(text, max_port_digits);
    return port && *port ? port : std::nullopt;
}

std::optional<dns::DomainName> parse_name(std::string_view text, bool underscore_allowed) {
    const bool eight_bit = std::any_of(text.begin(), text.end(), ascii::is_8bit);
    auto name = eight_bit ? dns::to_ascii(text) : dns::DomainName::parse(text);
    if (!name || name->is_root() || !name->is_host_name(underscore_allowed)) return std::nullopt;
    // A name that ends in a number is an address gone wrong ("192.0.2", "10.0.0.1").
    const std::string last = name->suffix(1).text();
    if (std::all_of(last.begin(), last.end(), ascii::is_digit)) return std::nullopt;
    return name;
}

}  // namespace

std::optional<HostAndPort> parse_host_and_port(std::string_view text) {
    std::string_view host = text;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
        if (host.find(':') == std::string_view::npos) return std::nullopt;
    } else if (std::count(text.begin(), text.end(), ':') == 1) {  // more of them: a bare IPv6 address
        const auto colon = text.find(':');
        host = text.substr(0, colon);
        rest = text.substr(colon);
    }
    if (host.empty()) return std::nullopt;
    if (rest.empty()) return HostAndPort{std::string(host), std::nullopt};
    const auto port = rest[0] == ':' ? parse_port(rest.substr(1)) : std::nullopt;
    if (!port) return std::nullopt;
    return HostAndPort{std::string(host), port};
}

std::optional<SocketAddress> parse_socket_address(std::string_view text) {
    const auto parts = parse_host_and_port(text);
    if (!parts || !parts->port) return std::nullopt;
    const auto address = dns::IpAddress::parse(parts->host);
    if (!address) return std::nullopt;
    return SocketAddress{*address, *parts->port};
}

std::optional<dns::ServerAddress> parse_dns_server(std::string_view text) {
    constexpr std::string_view tls = "tls://";
    constexpr std::uint16_t dns_port = 53;
    constexpr std::uint16_t dns_over_tls_port = 853;  // RFC 7858 §3.1
    dns::ServerAddress server;
    if (text.starts_with(tls)) {
        text.remove_prefix(tls.size());
        server.tls = true;
        server.port = dns_over_tls_port;
        if (const auto mark = text.find('#'); mark != std::string_view::npos) {
            server.tls_name = parse_host_name(text.substr(mark + 1));
            if (!server.tls_name) return std::nullopt;
            text = text.substr(0, mark);
        }
    }
    const auto parts = parse_host_and_port(text);
    const auto address = parts ? dns::IpAddress::parse(parts->host) : std::nullopt;
    if (!address) return std::nullopt;
    server.address = *address;
    if (parts->port) server.port = *parts->port;
    if (server.tls && server.port == dns_port) return std::nullopt;  // RFC 7858 §3.1: never on that port
    return server;
}

std::optional<dns::DomainName> parse_host_name(std::string_view text) {
    return parse_name(text, false);
}

std::optional<dns::DomainName> parse_local_host_name(std::string_view text) {
    return parse_name(text, true);
}

bool is_mail_address(std::string_view text) {
    const auto at = text.find('@');
    if (at == 0 || at == std::string_view::npos || text.find('@', at + 1) != std::string_view::npos)
        return false;
    const bool visible = std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at),
                                     [](char c) { return ascii::is_visible(c) && c != '<' && c != '>'; });
    return visible && parse_host_name(text.substr(at + 1));
}

}  // namespace gatepost::config
