// The extensions that a downstream server offers, as its reply to EHLO or LHLO tells them (RFC 5321
// §4.1.1.1).
#pragma once

#include "server/smtp/reply.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::server::relay {

// What a server offers (RFC 5321 §4.1.1.1). All false after HELO.
struct Capabilities {
    bool esmtp = false;
    bool pipelining = false;             // RFC 2920
    bool size = false;                   // RFC 1870
    std::uint64_t max_size = 0;          // octets; 0: no limit told
    bool eight_bit_mime = false;         // RFC 6152
    bool smtputf8 = false;               // RFC 6531
    bool dsn = false;                    // RFC 3461
    bool requiretls = false;             // RFC 8689
    bool starttls = false;               // RFC 3207
    bool enhanced_status_codes = false;  // RFC 2034
    std::vector<std::string> xforward;   // Postfix's XFORWARD: the attributes it takes
    std::vector<std::string> xclient;    // Postfix's XCLIENT: the attributes it takes
    friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// Of a positive reply. Its first line is the server's name; what is not known in the others is passed over.
Capabilities read_capabilities(const smtp::Reply& reply);

}  // namespace gatepost::server::relay
