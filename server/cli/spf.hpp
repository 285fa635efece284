// `gatepost spf`: check_host() of RFC 7208 alone.
#pragma once

#include "dns/ip_address.hpp"
#include "dns/resolver_options.hpp"

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>

namespace gatepost::server::cli {

struct SpfOptions {
    dns::IpAddress ip;
    std::string helo;
    std::string mail_from;                  // without brackets, empty for <>
    std::optional<dns::ServerAddress> dns;  // absent: those of /etc/resolv.conf
    bool json = false;
};

// Checks the MAIL FROM identity and prints what came out. Exit status: 0; 1 where the result is fail,
// temperror or permerror.
int spf(const SpfOptions& options, std::chrono::system_clock::time_point now, std::ostream& out);

}  // namespace gatepost::server::cli
