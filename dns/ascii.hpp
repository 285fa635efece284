// ASCII character classes and case, independent of the locale: protocol text is octets, and octets
// above 127 belong to no class here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatepost::ascii {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_alpha(char c) {
    return is_upper(c) || is_lower(c);
}
constexpr bool is_alnum(char c) {
    return is_alpha(c) || is_digit(c);
}
constexpr bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_wsp(char c) {
    return c == ' ' || c == '\t';
}
// White space of a folded header field.
constexpr bool is_blank(char c) {
    return is_wsp(c) || c == '\r' || c == '\n';
}
constexpr bool is_printable(char c) {
    return c >= 0x20 && c <= 0x7e;
}
constexpr bool is_visible(char c) {
    return c >= 0x21 && c <= 0x7e;
}
constexpr bool is_8bit(char c) {
    return static_cast<unsigned char>(c) >= 0x80;
}

constexpr char to_lower(char c) {
    return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
}

inline std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        c = to_lower(c);
    return lower;
}

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return to_lower(x) == to_lower(y); });
}

inline bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

// `words`: any range of texts, or {"a", "b"}.
template <typename Words = std::initializer_list<std::string_view>>
bool is_one_of_ignoring_case(std::string_view text, const Words& words) {
    return std::any_of(words.begin(), words.end(),
                       [text](std::string_view word) { return equals_ignoring_case(text, word); });
}

// Two lower-case digits an octet.
inline std::string to_hex(std::span<const std::uint8_t> octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t octet : octets)
        text.append({digits[octet >> 4U], digits[octet & 0xfU]});
    return text;
}

// The text without spaces, tabs, CR and LF at either end.
constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

// A whole decimal number of at most `max_digits` digits and nothing else; nullopt otherwise. `max_digits` is
// 19 at most: more would overflow before the value is compared.
template <typename Number>
std::optional<Number> parse_decimal(std::string_view text, std::size_t max_digits) {
    if (text.empty() || text.size() > max_digits) return std::nullopt;
    unsigned long long value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
        if (value > static_cast<unsigned long long>(std::numeric_limits<Number>::max())) return std::nullopt;
    }
    return static_cast<Number>(value);
}

}  // namespace gatepost::ascii
