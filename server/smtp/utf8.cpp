#include "server/smtp/utf8.hpp"

#include <cstddef>

namespace gatepost::server::smtp {
namespace {

struct Lead {
    std::size_t following;      // octets after the first
    unsigned char least, most;  // of the second octet: what keeps overlong forms and surrogates out
};

// The table of RFC 3629 §4. following == 0 stands for ASCII; least > most for what begins nothing.
Lead lead(unsigned char octet) {
    if (octet < 0x80) return {0, 0, 0};
    if (octet >= 0xC2 && octet <= 0xDF) return {1, 0x80, 0xBF};
    if (octet == 0xE0) return {2, 0xA0, 0xBF};
    if (octet == 0xED) return {2, 0x80, 0x9F};
    if (octet >= 0xE1 && octet <= 0xEF) return {2, 0x80, 0xBF};
    if (octet == 0xF0) return {3, 0x90, 0xBF};
    if (octet >= 0xF1 && octet <= 0xF3) return {3, 0x80, 0xBF};
    if (octet == 0xF4) return {3, 0x80, 0x8F};
    return {1, 1, 0};
}

}  // namespace

bool is_utf8(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto [following, least, most] = lead(static_cast<unsigned char>(text[i]));
        if (text.size() - i <= following) return false;
        for (std::size_t n = 1; n <= following; ++n) {
            const auto octet = static_cast<unsigned char>(text[i + n]);
            if (octet < (n == 1 ? least : 0x80) || octet > (n == 1 ? most : 0xBF)) return false;
        }
        i += following + 1;
    }
    return true;
}

}  // namespace gatepost::server::smtp
