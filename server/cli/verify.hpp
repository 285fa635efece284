// `gatepost verify`: the very pipeline of the server on a message file. Delivers nothing.
#pragma once

#include "dns/ip_address.hpp"
#include "dns/resolver_options.hpp"

#include <chrono>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::server::cli {

struct VerifyOptions {
    std::optional<std::filesystem::path> config;  // absent: the defaults, and no domain is our own
    dns::IpAddress ip;
    std::string helo;
    std::string mail_from;  // without brackets, empty for <>
    std::vector<std::string> rcpt_to;
    std::optional<dns::ServerAddress> dns;  // instead of the configuration's servers; overrides stay
    std::optional<std::chrono::system_clock::time_point> at;
    bool json = false;
    std::string message = "-";  // a file, or "-" for standard input
};

// Prints a readable account, or the JSON object. Exit status: 0 where the message is accepted; 1 where it is
// quarantined, refused or deferred, or cannot be read; 2 for a bad configuration, and for a HELO, sender or
// recipient that is none.
int verify(const VerifyOptions& options, std::chrono::system_clock::time_point now, std::istream& in,
           std::ostream& out, std::ostream& err);

}  // namespace gatepost::server::cli
