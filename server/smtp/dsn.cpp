#include "server/smtp/dsn.hpp"

#include "server/smtp/limits.hpp"
#include "server/smtp/utf8.hpp"
#include "server/smtp/xtext.hpp"

#include "dns/ascii.hpp"

#include <algorithm>

namespace gatepost::server::smtp {
namespace {

// RFC 3461 §4.2, §4.4: what the text stands for is printable ASCII.
bool is_printable_xtext(std::string_view text) {
    const auto octets = decode_xtext(text);
    return octets && std::all_of(octets->begin(), octets->end(), ascii::is_printable);
}

// RFC 6533 §3: utf-8-addr-unitext; controls, '+' and '=' would need xtext.
bool is_unitext(std::string_view text) {
    return is_utf8(text) && std::all_of(text.begin(), text.end(), [](char c) {
               return ascii::is_8bit(c) || (ascii::is_visible(c) && c != '+' && c != '=');
           });
}

// An atom (RFC 5322 §3.2.3), of which registered types use letters, digits and '-'.
bool is_addr_type(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return ascii::is_alnum(c) || c == '-'; });
}

}  // namespace

bool is_ret(std::string_view value) {
    return ascii::is_one_of_ignoring_case(value, {"FULL", "HDRS"});
}

bool is_envid(std::string_view value) {
    return !value.empty() && value.size() <= max_envid_octets && is_printable_xtext(value);
}

bool is_notify(std::string_view value) {
    if (ascii::equals_ignoring_case(value, "NEVER")) return true;
    for (;;) {
        const auto comma = value.find(',');
        if (!ascii::is_one_of_ignoring_case(value.substr(0, comma), {"SUCCESS", "FAILURE", "DELAY"}))
            return false;
        if (comma == std::string_view::npos) return true;
        value.remove_prefix(comma + 1);
    }
}

bool is_orcpt(std::string_view value, bool smtputf8) {
    const auto semicolon = value.find(';');
    if (value.size() > max_orcpt_octets || semicolon == std::string_view::npos) return false;
    const auto type = value.substr(0, semicolon);
    const auto address = value.substr(semicolon + 1);
    if (!is_addr_type(type) || address.empty()) return false;
    if (is_printable_xtext(address)) return true;
    return smtputf8 && ascii::equals_ignoring_case(type, "utf-8") && is_unitext(address);
}

void complete_orcpt(std::optional<std::string>& orcpt, const Path& recipient) {
    if (!orcpt || !recipient.domain()) return;
    const auto semicolon = orcpt->find(';');
    const auto address = decode_xtext(std::string_view(*orcpt).substr(semicolon + 1));
    if (!ascii::equals_ignoring_case(orcpt->substr(0, semicolon), "rfc822")) return;
    const std::string completed = *orcpt + '@' + recipient.domain()->text();
    const bool is_alone = address == recipient.local_part() || address == recipient.unquoted_local_part();
    if (is_alone && completed.size() <= max_orcpt_octets) orcpt = completed;
}

}  // namespace gatepost::server::smtp
