#include "auth/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace gatepost::auth {
namespace {

// How many octets follow the lead octet, and the range of the first of them (RFC 3629 §4).
struct Sequence {
    std::size_t tail = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
};

bool sequence_of(std::uint8_t lead, Sequence& sequence) {
    if (lead >= 0xc2 && lead <= 0xdf)
        sequence = {1, 0x80, 0xbf};
    else if (lead >= 0xe0 && lead <= 0xef)
        sequence = {2, static_cast<std::uint8_t>(lead == 0xe0 ? 0xa0 : 0x80),
                    static_cast<std::uint8_t>(lead == 0xed ? 0x9f : 0xbf)};
    else if (lead >= 0xf0 && lead <= 0xf4)
        sequence = {3, static_cast<std::uint8_t>(lead == 0xf0 ? 0x90 : 0x80),
                    static_cast<std::uint8_t>(lead == 0xf4 ? 0x8f : 0xbf)};
    else
        return false;
    return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<std::uint8_t>(text[at++]);
        if (lead < 0x80) continue;
        Sequence sequence;
        if (!sequence_of(lead, sequence) || text.size() - at < sequence.tail) return false;
        const auto first = static_cast<std::uint8_t>(text[at]);
        if (first < sequence.low || first > sequence.high) return false;
        for (std::size_t i = 1; i < sequence.tail; ++i)
            if ((static_cast<std::uint8_t>(text[at + i]) & 0xc0U) != 0x80U) return false;
        at += sequence.tail;
    }
    return true;
}

}  // namespace gatepost::auth
