// Who sent a message to us, told to the downstream server as far as it asks: XFORWARD for its log, or XCLIENT
// in place of our own connection's identity (Postfix's XFORWARD_README and XCLIENT_README).
#pragma once

#include "dns/ip_address.hpp"

#include <string>
#include <vector>

namespace gatepost::server::relay {

struct ForwardedClient {
    dns::IpAddress address;
    std::string helo;
    bool extended = true;  // it said EHLO
    std::string ident;     // the transaction's id
    // One of our own machines, or exempted by its address or certificate: served first. Not told.
    bool is_named = false;
};

// Command lines with their CRLF, each of at most 512 octets, for those of `attributes` (as the reply to EHLO
// named them) that we can tell. Empty: none of them. The name is not told: it is looked up meanwhile.
std::vector<std::string> xforward_lines(const ForwardedClient& client,
                                        const std::vector<std::string>& attributes);
// One line; empty where the server does not take ADDR, without which there is nothing to say.
std::string xclient_line(const ForwardedClient& client, const std::vector<std::string>& attributes);

}  // namespace gatepost::server::relay
