// The system's DNS servers: the "nameserver" lines of resolv.conf(5), and its "options trust-ad". Its other
// lines (search lists, other options) are for host names typed by people, and are passed over.
#pragma once

#include "dns/resolver_options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::dns {

// The servers that `text` names, in order, at most three as the C library has it; 127.0.0.1 where it names
// none (resolv.conf(5)). Link-local addresses with a zone are left out.
std::vector<ServerAddress> parse_resolv_conf(std::string_view text);

// The same of a file; a missing or unreadable file counts as an empty one. For start-up: it blocks.
std::vector<ServerAddress> read_resolv_conf(const std::string& path = "/etc/resolv.conf");

}  // namespace gatepost::dns
