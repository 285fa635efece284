#include "auth/base64.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gatepost::auth {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return values;
}
constexpr std::array<std::int8_t, 256> values = make_values();

int value_of(char c) {
    return values[static_cast<unsigned char>(c)];
}

// Decodes groups of four characters off the front of `text`, up to one that is not of the alphabet alone,
// into `octets` from `size` on, as many as there is room for.
void decode_groups(std::string_view& text, std::string& octets, std::size_t& size) {
    while (text.size() >= 4 && size + 3 <= octets.size()) {
        const char* group = text.data();
        const int first = value_of(group[0]);
        const int second = value_of(group[1]);
        const int third = value_of(group[2]);
        const int fourth = value_of(group[3]);
        if ((first | second | third | fourth) < 0) break;
        const auto bits = static_cast<std::uint32_t>(first << 18 | second << 12 | third << 6 | fourth);
        char* out = octets.data() + size;
        out[0] = static_cast<char>(bits >> 16U);
        out[1] = static_cast<char>(bits >> 8U & 0xffU);
        out[2] = static_cast<char>(bits & 0xffU);
        size += 3;
        text.remove_prefix(4);
    }
}

}  // namespace

std::optional<std::string> base64_decode(std::string_view text, std::size_t max_octets) {
    std::string octets(std::min(max_octets, text.size() / 4 * 3 + 3), '\0');
    std::size_t size = 0;
    std::uint32_t bits = 0;
    unsigned spare = 0;  // bits that belong to no octet yet
    std::size_t characters = 0;
    std::size_t padding = 0;
    for (;;) {
        if (spare == 0 && padding == 0) decode_groups(text, octets, size);
        if (text.empty()) break;
        const char c = text.front();
        text.remove_prefix(1);
        const int value = value_of(c);
        if (value < 0) {
            if (c == '=')
                ++padding;
            else if (!ascii::is_blank(c))
                return std::nullopt;
            continue;
        }
        if (padding > 0) return std::nullopt;
        ++characters;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        spare += 6;
        if (spare < 8) continue;
        spare -= 8;
        if (size == octets.size()) return std::nullopt;
        octets[size++] = static_cast<char>((bits >> spare) & 0xff);
    }
    octets.resize(size);
    const std::size_t rest = characters % 4;
    if (rest == 1) return std::nullopt;
    if (padding > 0 && (rest == 0 || padding != 4 - rest)) return std::nullopt;
    return octets;
}

std::string base64_encode(std::string_view octets) {
    std::string text;
    text.reserve((octets.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < octets.size(); i += 3) {
        std::uint32_t bits = 0;
        const std::size_t count = std::min<std::size_t>(3, octets.size() - i);
        for (std::size_t k = 0; k < 3; ++k)
            bits = (bits << 8) | (k < count ? static_cast<unsigned char>(octets[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            text += k <= count ? alphabet[(bits >> (18 - 6 * k)) & 0x3f] : '=';
    }
    return text;
}

}  // namespace gatepost::auth
