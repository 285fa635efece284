// The parameters behind the path in MAIL and RCPT (RFC 5321 §4.1.2, §4.1.1.11): SIZE (RFC 1870), BODY (RFC
// 6152), SMTPUTF8 (RFC 6531), RET, ENVID, NOTIFY and ORCPT (RFC 3461), REQUIRETLS (RFC 8689).
#pragma once

#include "server/smtp/envelope.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gatepost::server::smtp {

struct EsmtpParameter {
    std::string_view keyword;
    std::optional<std::string_view> value;  // nullopt: no "="
};

// What stands behind the closing bracket: nothing, or a space before each parameter. Views into `text`.
// nullopt: not in the grammar.
std::optional<std::vector<EsmtpParameter>> parse_esmtp_parameters(std::string_view text);

struct MailParameters {
    std::optional<std::uint64_t> size;  // octets; a number too big for the type is its greatest value
    std::optional<BodyType> body;
    bool smtputf8 = false;
    bool requiretls = false;
    DsnOfMessage dsn;
};

enum class ParameterFault {
    syntax,           // the grammar, a value that is none, or a parameter given twice: 501
    not_implemented,  // unknown, or not offered: 555
};

// What the reply to EHLO offered; any other parameter is not_implemented.
struct OfferedExtensions {
    bool size = true;            // RFC 1870
    bool eight_bit_mime = true;  // RFC 6152
    bool smtputf8 = true;        // RFC 6531; only together with 8BITMIME (§3.1)
    bool dsn = false;            // RFC 3461
    bool requiretls = false;     // RFC 8689; only inside TLS (§2 point 4)
    bool xclient = false;        // to hosts that are trusted with it alone
    bool one_recipient = false;  // RFC 9422 §4.2: a transaction has one, as the servers behind speak LMTP
    std::uint64_t max_size = 0;  // octets that the downstream servers take; 0: no limit told
};

template <class Parameters>
struct ParametersResult {
    std::optional<Parameters> parameters;  // nullopt: see fault
    ParameterFault fault = ParameterFault::syntax;
    std::string_view culprit;  // the keyword at fault, a view into the text; empty where the grammar broke
};

ParametersResult<MailParameters> parse_mail_parameters(std::string_view text,
                                                       const OfferedExtensions& offered);
// `smtputf8`: whether MAIL asked for it.
ParametersResult<DsnOfRecipient> parse_rcpt_parameters(std::string_view text,
                                                       const OfferedExtensions& offered, bool smtputf8);

}  // namespace gatepost::server::smtp
