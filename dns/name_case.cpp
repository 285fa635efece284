#include "dns/name_case.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gatepost::dns {

std::string mix_case(const DomainName& name, RandomSource& random) {
    std::string text = name.text();
    std::array<std::uint8_t, 32> bits{};  // one for each octet of the longest name
    const std::size_t needed = (text.size() + 7) / 8;
    random.fill(std::span(bits).first(needed));
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool raise = (bits[i / 8] >> (i % 8) & 1U) != 0;
        if (raise && ascii::is_lower(text[i])) text[i] = static_cast<char>(text[i] - ('a' - 'A'));
    }
    return text;
}

bool tells_case(std::string_view spelling) {
    return std::any_of(spelling.begin(), spelling.end(), ascii::is_upper);
}

}  // namespace gatepost::dns
