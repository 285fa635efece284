#include "tests/support/escapes.hpp"

#include <charconv>
#include <stdexcept>

namespace gatepost::tests {
namespace {

// The octet that "\xHH", at the front of `rest` without its backslash, stands for.
char take_hex(std::string_view& rest) {
    unsigned value = 0;
    const auto* const begin = rest.data() + 1;
    if (rest.size() < 3 || std::from_chars(begin, begin + 2, value, 16).ptr != begin + 2)
        throw std::runtime_error("suite: bad \\x escape");
    rest.remove_prefix(3);
    return static_cast<char>(value);
}

char take_escape(std::string_view& rest) {
    if (rest.starts_with('x')) return take_hex(rest);
    constexpr std::string_view letters = "rnt\\";
    constexpr std::string_view octets = "\r\n\t\\";
    const auto at = rest.empty() ? std::string_view::npos : letters.find(rest.front());
    if (at == std::string_view::npos) throw std::runtime_error("suite: unknown escape");
    rest.remove_prefix(1);
    return octets[at];
}

}  // namespace

std::string unescape(std::string_view text) {
    std::string octets;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        octets += c == '\\' ? take_escape(text) : c;
    }
    return octets;
}

}  // namespace gatepost::tests
