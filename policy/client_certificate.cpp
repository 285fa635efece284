#include "policy/client_certificate.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::policy {
namespace {

constexpr std::size_t sha256_digits = 64;

std::optional<std::string_view> behind(std::string_view text, std::string_view prefix) {
    if (text.size() <= prefix.size() || !ascii::equals_ignoring_case(text.substr(0, prefix.size()), prefix))
        return std::nullopt;
    return text.substr(prefix.size());
}

std::optional<std::string> parse_fingerprint(std::string_view text) {
    text = behind(text, "SHA256:").value_or(text);
    std::string digits;
    for (const char c : text) {
        const char lower = ascii::to_lower(c);
        if (ascii::is_digit(c) || (lower >= 'a' && lower <= 'f'))
            digits += lower;
        else if (c != ':')
            return std::nullopt;
    }
    return digits.size() == sha256_digits ? std::optional<std::string>(digits) : std::nullopt;
}

// RFC 5280 §7.5: the host part compares without case, the local part as it is.
bool is_same_mail_address(std::string_view a, std::string_view b) {
    const auto at_a = a.rfind('@');
    const auto at_b = b.rfind('@');
    if (at_a == std::string_view::npos || at_a != at_b) return a == b;
    return a.substr(0, at_a) == b.substr(0, at_b) &&
           ascii::equals_ignoring_case(a.substr(at_a), b.substr(at_b));
}

template <typename Same>
bool any(const std::vector<std::string>& names, const std::string& wanted, Same same) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return same(name, wanted); });
}

}  // namespace

std::optional<ClientCertificatePattern> ClientCertificatePattern::parse(std::string_view text) {
    ClientCertificatePattern pattern;
    for (const auto& [prefix, kind] :
         {std::pair{"DNS:", Kind::dns_name}, std::pair{"email:", Kind::mail_address},
          std::pair{"URI:", Kind::uri}}) {
        const auto value = behind(text, prefix);
        if (!value) continue;
        pattern.kind = kind;
        pattern.value = *value;
        return pattern;
    }
    if (auto digits = parse_fingerprint(text)) {
        pattern.kind = Kind::sha256;
        pattern.value = std::move(*digits);
        return pattern;
    }
    auto subject = DistinguishedName::parse(text);
    if (!subject) return std::nullopt;
    pattern.subject = std::move(*subject);
    return pattern;
}

bool ClientCertificatePattern::matches(const ClientCertificate& certificate) const {
    switch (kind) {
        case Kind::subject:
            return certificate.subject == subject;
        case Kind::dns_name:  // RFC 5280 §7.2; a wildcard in the certificate is a name like any other
            return any(certificate.dns_names, value, ascii::equals_ignoring_case);
        case Kind::mail_address:
            return any(certificate.mail_addresses, value, is_same_mail_address);
        case Kind::uri:
            return any(certificate.uris, value, std::equal_to<>());
        case Kind::sha256:
            return certificate.sha256 == value;
    }
    return false;
}

}  // namespace gatepost::policy
