#include "reports/aggregate/xml_text.hpp"

#include <cstdint>

namespace gatepost::reports::aggregate {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

struct Decoded {
    std::uint32_t code_point = 0;
    std::size_t octets = 0;  // 0: no valid sequence starts here
};

// RFC 3629 §4: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text) {
    const auto octet = [&](std::size_t i) {
        return static_cast<std::uint8_t>(text[i]);
    };
    const std::uint8_t first = octet(0);
    if (first < 0x80) return {first, 1};
    if (first < 0xC2 || first > 0xF4) return {};
    const std::size_t octets = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (text.size() < octets) return {};
    std::uint32_t code_point = first & (0x7Fu >> octets);
    for (std::size_t i = 1; i < octets; ++i) {
        if ((octet(i) & 0xC0) != 0x80) return {};
        code_point = code_point << 6 | (octet(i) & 0x3Fu);
    }
    constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code_point < smallest[octets] || code_point > 0x10FFFF) return {};
    if (code_point >= 0xD800 && code_point <= 0xDFFF) return {};
    return {code_point, octets};
}

// XML 1.0 §2.2, and without the control characters above 0x7E that it lets pass but discourages.
bool is_allowed(std::uint32_t code_point) {
    if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) return false;
    return (code_point & 0xFFFE) != 0xFFFE && !(code_point >= 0xFDD0 && code_point <= 0xFDEF);
}

}  // namespace

std::string xml_text(std::string_view untrusted) {
    std::string text;
    while (!untrusted.empty()) {
        const Decoded decoded = decode(untrusted);
        const std::size_t octets = decoded.octets == 0 ? 1 : decoded.octets;
        std::string_view next = untrusted.substr(0, octets);
        if (next == "\t" || next == "\r" || next == "\n")
            next = " ";
        else if (decoded.octets == 0 || !is_allowed(decoded.code_point))
            next = replacement;
        if (text.size() + next.size() > max_text_octets) break;
        text += next;
        untrusted.remove_prefix(octets);
    }
    return text;
}

}  // namespace gatepost::reports::aggregate
