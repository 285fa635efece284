#include "server/smtp/xclient.hpp"

#include "server/smtp/limits.hpp"
#include "server/smtp/xtext.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <set>

namespace gatepost::server::smtp {
namespace {

constexpr std::string_view unavailable = "[UNAVAILABLE]";
constexpr std::string_view temporarily_unavailable = "[TEMPUNAVAIL]";
constexpr std::string_view ipv6_prefix = "IPV6:";

bool is(std::string_view text, std::string_view word) {
    return ascii::equals_ignoring_case(text, word);
}

bool read_address(std::string_view value, XclientAttributes& attributes) {
    if (is(value, unavailable) || is(value, temporarily_unavailable)) {
        attributes.address_unavailable = true;
        return true;
    }
    const bool v6 = ascii::starts_with_ignoring_case(value, ipv6_prefix);
    if (v6) value.remove_prefix(ipv6_prefix.size());
    if (v6 != (value.find(':') != std::string_view::npos)) return false;
    attributes.address = dns::IpAddress::parse(value);
    return attributes.address.has_value();
}

bool read_helo(std::string_view value, XclientAttributes& attributes) {
    if (value.size() > max_domain_octets || !std::all_of(value.begin(), value.end(), ascii::is_visible))
        return false;
    attributes.helo = is(value, unavailable) ? std::string() : std::string(value);
    return true;
}

bool read_protocol(std::string_view value, XclientAttributes& attributes) {
    attributes.extended = is(value, "ESMTP");
    return *attributes.extended || is(value, "SMTP");
}

bool read_attribute(std::string_view name, std::string_view value, XclientAttributes& attributes) {
    if (is(name, "ADDR")) return read_address(value, attributes);
    if (is(name, "HELO")) return read_helo(value, attributes);
    if (is(name, "PROTO")) return read_protocol(value, attributes);
    // Known, and of no use.
    return ascii::is_one_of_ignoring_case(name,
                                          {"NAME", "PORT", "LOGIN", "DESTADDR", "DESTPORT", "REVERSE_NAME"});
}

}  // namespace

std::optional<XclientAttributes> parse_xclient(std::string_view argument) {
    XclientAttributes attributes;
    std::set<std::string> seen;
    while (!argument.empty()) {
        const std::string_view word = argument.substr(0, argument.find(' '));
        argument = ascii::trim(argument.substr(word.size()));
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view name = word.substr(0, equals);
        const auto value = decode_xtext(word.substr(equals + 1));
        if (!value || !seen.insert(ascii::to_lower(name)).second) return std::nullopt;
        if (!read_attribute(name, *value, attributes)) return std::nullopt;
    }
    return seen.empty() ? std::nullopt : std::optional(std::move(attributes));
}

}  // namespace gatepost::server::smtp
