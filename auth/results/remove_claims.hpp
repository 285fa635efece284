// Which header fields a forger could use to speak in our name, and that are therefore removed on the way out
// (RFC 8601 §5): Authentication-Results that claims our authserv-id or host name, however disguised (case,
// comments, folding, version, quoted strings, invisible octets in its name), or that cannot be parsed.
#pragma once

#include "auth/message/header_block.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::results {

// True where `field` is an Authentication-Results field to remove. `ours`: authserv-id and host name. Another
// host's field stays, octet by octet.
bool claims_our_authority(const HeaderField& field, const std::vector<std::string>& ours);

}  // namespace gatepost::auth::results
