#include "dns/idna.hpp"

#include "dns/ascii.hpp"

#include <idn2.h>

#include <algorithm>
#include <cstdint>
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

bool IdnaBudget::take(std::string_view utf8) {
    if (std::none_of(utf8.begin(), utf8.end(), ascii::is_8bit)) return true;
    if (utf8.size() > left_) return false;
    left_ -= utf8.size();
    return true;
}

namespace {

using Idn2Text = std::unique_ptr<char, void (*)(void*)>;

bool is_punycode(const std::string& label) {
    char* decoded = nullptr;
    const int status = idn2_to_unicode_8z8z(label.c_str(), &decoded, 0);
    const Idn2Text owner(decoded, idn2_free);
    return status == IDN2_OK;
}

// RFC 5891 §4.2: what may be registered, which is what RFC 5890 calls a U-label.
std::optional<std::string> a_label_of(const std::string& u_label) {
    std::uint8_t* converted = nullptr;
    const auto* text = reinterpret_cast<const std::uint8_t*>(u_label.c_str());
    const int status = idn2_register_u8(text, nullptr, &converted, IDN2_NO_TR46);
    const Idn2Text owner(reinterpret_cast<char*>(converted), idn2_free);
    if (status != IDN2_OK) return std::nullopt;
    return std::string(owner.get());
}

}  // namespace

std::optional<std::string> u_labels_to_a_labels(std::string_view utf8) {
    if (utf8.find('\0') != std::string_view::npos) return std::nullopt;
    std::string name;
    while (true) {
        const std::size_t dot = utf8.find('.');
        const std::string label(utf8.substr(0, dot));
        if (std::any_of(label.begin(), label.end(), ascii::is_8bit)) {
            const auto a_label = a_label_of(label);
            if (!a_label) return std::nullopt;
            name += *a_label;
        } else {
            if (ascii::starts_with_ignoring_case(label, "xn--") && !is_punycode(label)) return std::nullopt;
            name += label;
        }
        if (dot == std::string_view::npos) return name;
        name += '.';
        utf8.remove_prefix(dot + 1);
    }
}

}  // namespace gatepost::dns
