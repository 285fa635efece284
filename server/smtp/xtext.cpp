#include "server/smtp/xtext.hpp"

#include "dns/ascii.hpp"

namespace gatepost::server::smtp {
namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

// RFC 3461 §4: xchar.
bool is_xchar(char c) {
    return ascii::is_visible(c) && c != '+' && c != '=';
}

}  // namespace

std::optional<std::string> decode_xtext(std::string_view text) {
    std::string octets;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '+') {
            if (!is_xchar(text[i])) return std::nullopt;
            octets += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = digits.find(text[i + 1]);
        const auto low = digits.find(text[i + 2]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        octets += static_cast<char>(high * digits.size() + low);
        i += 2;
    }
    return octets;
}

std::string encode_xtext(std::string_view octets) {
    std::string text;
    for (const char c : octets) {
        if (is_xchar(c)) {
            text += c;
            continue;
        }
        const auto value = static_cast<unsigned char>(c);
        text += '+';
        text += digits[value / digits.size()];
        text += digits[value % digits.size()];
    }
    return text;
}

}  // namespace gatepost::server::smtp
