// The Received field (RFC 5321 §4.4) and the date in it (RFC 5322 §3.3), from values of a hostile client made
// safe.
#pragma once

#include "dns/ip_address.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server {

struct TraceFacts {
    std::string helo;
    std::string client_name;  // forward-confirmed, or empty
    dns::IpAddress client_ip;
    std::string hostname;
    std::string_view protocol;  // RFC 3848: ESMTP, ESMTPS …
    std::string tls_version;    // empty without TLS
    std::string tls_cipher;
    std::string id;                       // the transaction's
    std::vector<std::string> recipients;  // `for` is written for a single one only: RFC 5321 §7.6
    std::chrono::system_clock::time_point time;
};

// RFC 5321 §4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]"
std::string address_literal(const dns::IpAddress& address);

// The whole field, folded, CRLF at the end.
std::string received_field(const TraceFacts& facts);

// "Tue, 24 Nov 2026 23:20:15 +0000"
std::string rfc5322_date(std::chrono::system_clock::time_point time);

}  // namespace gatepost::server
