#include "dns/idna.hpp"

#include "dns/ascii.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>
#include <string>

namespace gatepost::dns {

std::optional<DomainName> to_ascii(std::string_view utf8) {
    if (utf8.find('\0') != std::string_view::npos) return std::nullopt;
    if (std::none_of(utf8.begin(), utf8.end(), ascii::is_8bit)) return DomainName::parse(utf8);
    const std::string text(utf8);
    char* converted = nullptr;
    if (idn2_to_ascii_8z(text.c_str(), &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
        return std::nullopt;
    const std::unique_ptr<char, void (*)(void*)> owner(converted, idn2_free);
    return DomainName::parse(converted);
}

}  // namespace gatepost::dns
