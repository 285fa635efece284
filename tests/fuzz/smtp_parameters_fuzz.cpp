// What stands behind a path in MAIL and RCPT, with everything offered. What is taken can be sent on as it is:
// it holds nothing that ends a word or a line, and reading it again gives the same.
#include "server/smtp/esmtp_parameters.hpp"
#include "server/smtp/limits.hpp"
#include "server/smtp/utf8.hpp"
#include "server/smtp/xtext.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace smtp = gatepost::server::smtp;
namespace ascii = gatepost::ascii;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

constexpr smtp::OfferedExtensions everything{true, true, true, true, true, false};

std::string parameter(std::string_view keyword, const std::optional<std::string>& value) {
    if (!value) return {};
    require(std::all_of(value->begin(), value->end(),
                        [](char c) { return (ascii::is_visible(c) && c != '=') || ascii::is_8bit(c); }));
    return " " + std::string(keyword) + "=" + *value;
}

void check_mail(std::string_view text) {
    const auto first = smtp::parse_mail_parameters(text, everything);
    if (!first.parameters) return;
    const auto& dsn = first.parameters->dsn;
    require(!dsn.envid || (dsn.envid->size() <= smtp::max_envid_octets && smtp::decode_xtext(*dsn.envid)));
    const std::string again = parameter("RET", dsn.ret) + parameter("ENVID", dsn.envid);
    const auto second = smtp::parse_mail_parameters(again, everything);
    require(second.parameters && second.parameters->dsn.ret == dsn.ret &&
            second.parameters->dsn.envid == dsn.envid);
    require(smtp::parse_mail_parameters(text, {}).parameters.has_value() ==
            (!dsn.is_asked_for() && !first.parameters->requiretls));
}

void check_rcpt(std::string_view text, bool smtputf8) {
    const auto first = smtp::parse_rcpt_parameters(text, everything, smtputf8);
    if (!first.parameters) return;
    const auto& dsn = *first.parameters;
    require(!dsn.orcpt || (dsn.orcpt->size() <= smtp::max_orcpt_octets && smtp::is_utf8(*dsn.orcpt)));
    require(!dsn.orcpt || smtputf8 || std::none_of(dsn.orcpt->begin(), dsn.orcpt->end(), ascii::is_8bit));
    const std::string again = parameter("NOTIFY", dsn.notify) + parameter("ORCPT", dsn.orcpt);
    const auto second = smtp::parse_rcpt_parameters(again, everything, smtputf8);
    require(second.parameters && second.parameters->notify == dsn.notify &&
            second.parameters->orcpt == dsn.orcpt);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_mail(text);
    check_rcpt(text, false);
    check_rcpt(text, true);
    return 0;
}
