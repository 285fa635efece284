// XCLIENT: a host that is trusted with it says whose session this is (Postfix's XCLIENT protocol; Postfix's
// XCLIENT_README is its specification). Here its argument is read; who may send it is the caller's business.
#pragma once

#include "dns/ip_address.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

struct XclientAttributes {
    std::optional<dns::IpAddress> address;
    bool address_unavailable = false;  // ADDR=[UNAVAILABLE]: whoever sends it does not know the client either
    std::optional<std::string> helo;   // empty: HELO=[UNAVAILABLE]
    std::optional<bool> extended;      // PROTO: ESMTP, and not SMTP
    // Says whose session this is, be it that nobody knows.
    bool names_client() const { return address || address_unavailable; }
    // NAME, PORT, LOGIN, DESTADDR, DESTPORT and REVERSE_NAME are read and not used: names are looked up.
};

// What the reply to EHLO says behind XCLIENT.
inline constexpr std::string_view xclient_attributes = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";

// `argument`: what stands behind the verb. nullopt: not in the grammar, an attribute that is unknown or given
// twice, or a value that is none of its kind.
std::optional<XclientAttributes> parse_xclient(std::string_view argument);

}  // namespace gatepost::server::smtp
