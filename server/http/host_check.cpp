#include "server/http/host_check.hpp"

#include "dns/ascii.hpp"
#include "dns/ip_address.hpp"

#include <algorithm>
#include <string>

namespace gatepost::server::http {
namespace {

bool is_port(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_localhost(std::string_view name) {
    constexpr std::string_view top = "localhost";
    if (name.size() < top.size()) return false;
    const std::string_view above = name.substr(0, name.size() - top.size());
    return ascii::equals_ignoring_case(name.substr(above.size()), top) &&
           (above.empty() || above.ends_with('.'));
}

}  // namespace

bool is_own_host(std::string_view authority, std::string_view hostname) {
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos) return false;
        const std::string_view rest = authority.substr(end + 1);
        const auto address = dns::IpAddress::parse(authority.substr(1, end - 1));
        return address.has_value() && (rest.empty() || (rest.starts_with(':') && is_port(rest.substr(1))));
    }
    const std::size_t colon = authority.find(':');
    std::string_view host = authority.substr(0, colon);
    if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return false;
    if (host.ends_with('.')) host.remove_suffix(1);  // the same name, absolute (RFC 1034 §3.1)
    const auto address = dns::IpAddress::parse(host);
    return (address && address->is_v4()) || is_localhost(host) ||
           (!host.empty() && ascii::equals_ignoring_case(host, hostname));
}

}  // namespace gatepost::server::http
