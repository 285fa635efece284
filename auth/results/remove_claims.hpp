// Which header fields a forger could use to speak in our name, and that are therefore removed on the way out
// (RFC 8601 §5): Authentication-Results that claims our authserv-id or host name, however disguised (case,
// comments, folding, version, quoted strings, invisible octets in its name), or that cannot be parsed.
#pragma once

#include "auth/message/header_block.hpp"

#include "dns/idna.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::results {

// One for each message.
class ClaimFinder {
  public:
    // Local: honest fields have some hundred octets. In a longer one nobody looks whose it is.
    static constexpr std::size_t max_value_octets = 32 * 1024;

    // `ours`: authserv-id and host name.
    explicit ClaimFinder(const std::vector<std::string>& ours);

    // True where `field` is an Authentication-Results field to remove. Another host's field stays, octet by
    // octet. What the message asks too much work for is removed: a long field, and internationalised names
    // past IdnaBudget. Takes some 100 us at most, so that the caller may give turns between two fields.
    bool is_claim(const HeaderField& field);

  private:
    std::vector<std::string> ours_;  // canonical
    dns::IdnaBudget names_;
};

}  // namespace gatepost::auth::results
