#include "auth/abnf.hpp"

#include "dns/ascii.hpp"

#include <algorithm>

namespace gatepost::auth {
namespace {

int hex_value(char c) {
    return ascii::is_digit(c) ? c - '0' : ascii::to_lower(c) - 'a' + 10;
}

}  // namespace

std::vector<std::string_view> split_colon_list(std::string_view text, std::size_t max_items) {
    std::vector<std::string_view> items;
    std::size_t at = 0;
    while (at <= text.size()) {
        if (items.size() == max_items) return {};
        const std::size_t end = std::min(text.find(':', at), text.size());
        items.push_back(ascii::trim(text.substr(at, end - at)));
        at = end + 1;
    }
    return items;
}

std::optional<std::string> decode_dkim_quoted_printable(std::string_view text) {
    std::string octets;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (ascii::is_blank(c)) continue;
        if (c != '=') {
            octets += c;
            continue;
        }
        if (i + 2 >= text.size() || !ascii::is_hex(text[i + 1]) || !ascii::is_hex(text[i + 2]))
            return std::nullopt;
        octets += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
        i += 2;
    }
    return octets;
}

}  // namespace gatepost::auth
