// Text that strangers wrote, made fit for a reply, a header or a log (RFC 7208 §11.5.1).
#pragma once

#include "dns/ascii.hpp"

#include <string>
#include <string_view>

namespace gatepost::auth::spf {

// One line of printable ASCII of at most `max_octets`: other octets become '?', what is too long is cut.
inline std::string safe_text(std::string_view text, std::size_t max_octets) {
    std::string safe(text.substr(0, max_octets));
    for (char& c : safe)
        if (!ascii::is_printable(c)) c = '?';
    return safe;
}

}  // namespace gatepost::auth::spf
