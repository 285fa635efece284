#include "server/smtp/esmtp_parameters.hpp"

#include "server/smtp/limits.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace gatepost::server::smtp {
namespace {

bool is_keyword(std::string_view text) {
    return !text.empty() && ascii::is_alnum(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return ascii::is_alnum(c) || c == '-'; });
}

// esmtp-value = 1*(%d33-60 / %d62-126), with UTF8-non-ascii (RFC 6531 §3.3).
bool is_value(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (ascii::is_visible(c) && c != '=') || ascii::is_8bit(c);
    });
}

// RFC 1870 §4: 1*20DIGIT. Twenty digits can be more than 64 bits hold: that is then "too big", not "wrong".
std::optional<std::uint64_t> parse_size(std::string_view text) {
    if (text.empty() || text.size() > max_size_digits) return std::nullopt;
    std::uint64_t size = 0;
    for (const char c : text) {
        if (!ascii::is_digit(c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        constexpr auto most = std::numeric_limits<std::uint64_t>::max();
        size = size > (most - digit) / 10 ? most : size * 10 + digit;
    }
    return size;
}

// nullopt: fine; otherwise what is wrong with the parameter.
std::optional<ParameterFault> take_size(const EsmtpParameter& parameter, MailParameters& parameters) {
    if (parameters.size || !parameter.value) return ParameterFault::syntax;
    parameters.size = parse_size(*parameter.value);
    if (!parameters.size) return ParameterFault::syntax;
    return std::nullopt;
}

std::optional<ParameterFault> take_body(const EsmtpParameter& parameter, MailParameters& parameters) {
    if (parameters.body || !parameter.value) return ParameterFault::syntax;
    if (ascii::equals_ignoring_case(*parameter.value, "7BIT")) {
        parameters.body = BodyType::seven_bit;
    } else if (ascii::equals_ignoring_case(*parameter.value, "8BITMIME")) {
        parameters.body = BodyType::eight_bit_mime;
    } else if (ascii::equals_ignoring_case(*parameter.value, "BINARYMIME")) {
        return ParameterFault::not_implemented;  // RFC 3030 §3: only where BINARYMIME is offered
    } else {
        return ParameterFault::syntax;
    }
    return std::nullopt;
}

// RFC 6531 §3.4, RFC 8689 §4.1: no value.
std::optional<ParameterFault> take_flag(const EsmtpParameter& parameter, bool& flag) {
    if (flag || parameter.value) return ParameterFault::syntax;
    flag = true;
    return std::nullopt;
}

// RFC 3461 §4.5: not more than once.
std::optional<ParameterFault> take_checked(const EsmtpParameter& parameter, bool good,
                                           std::optional<std::string>& target) {
    if (target || !parameter.value || !good) return ParameterFault::syntax;
    target = *parameter.value;
    return std::nullopt;
}

std::optional<ParameterFault> take(const EsmtpParameter& parameter, const OfferedExtensions& offered,
                                   MailParameters& parameters) {
    const auto is = [&](std::string_view keyword) {
        return ascii::equals_ignoring_case(parameter.keyword, keyword);
    };
    if (is("SIZE") && offered.size) return take_size(parameter, parameters);
    if (is("BODY") && offered.eight_bit_mime) return take_body(parameter, parameters);
    const std::string_view value = parameter.value.value_or("");
    if (is("SMTPUTF8") && offered.smtputf8 && offered.eight_bit_mime)
        return take_flag(parameter, parameters.smtputf8);
    if (is("REQUIRETLS") && offered.requiretls) return take_flag(parameter, parameters.requiretls);
    if (is("RET") && offered.dsn) return take_checked(parameter, is_ret(value), parameters.dsn.ret);
    if (is("ENVID") && offered.dsn) return take_checked(parameter, is_envid(value), parameters.dsn.envid);
    return ParameterFault::not_implemented;
}

std::optional<ParameterFault> take(const EsmtpParameter& parameter, const OfferedExtensions& offered,
                                   bool smtputf8, DsnOfRecipient& dsn) {
    const std::string_view value = parameter.value.value_or("");
    const auto is = [&](std::string_view keyword) {
        return offered.dsn && ascii::equals_ignoring_case(parameter.keyword, keyword);
    };
    if (is("NOTIFY")) return take_checked(parameter, is_notify(value), dsn.notify);
    if (is("ORCPT")) return take_checked(parameter, is_orcpt(value, smtputf8), dsn.orcpt);
    return ParameterFault::not_implemented;
}

// Each word by `take_one`; the first fault ends it.
template <class Parameters, class TakeOne>
ParametersResult<Parameters> parse_parameters(std::string_view text, TakeOne take_one) {
    ParametersResult<Parameters> result;
    const auto words = parse_esmtp_parameters(text);
    if (!words) return result;
    Parameters parameters;
    for (const auto& word : *words) {
        const auto fault = take_one(word, parameters);
        if (!fault) continue;
        result.fault = *fault;
        result.culprit = word.keyword;
        return result;
    }
    result.parameters = std::move(parameters);
    return result;
}

}  // namespace

std::optional<std::vector<EsmtpParameter>> parse_esmtp_parameters(std::string_view text) {
    std::vector<EsmtpParameter> parameters;
    if (!text.empty() && text.front() != ' ') return std::nullopt;
    while (!text.empty()) {
        if (text.front() == ' ') {
            text.remove_prefix(1);
            continue;
        }
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        const auto equals = word.find('=');
        EsmtpParameter parameter{word.substr(0, equals), std::nullopt};
        if (equals != std::string_view::npos) parameter.value = word.substr(equals + 1);
        if (!is_keyword(parameter.keyword) || (parameter.value && !is_value(*parameter.value)))
            return std::nullopt;
        parameters.push_back(parameter);
    }
    return parameters;
}

ParametersResult<MailParameters> parse_mail_parameters(std::string_view text,
                                                       const OfferedExtensions& offered) {
    return parse_parameters<MailParameters>(text,
                                            [&](const EsmtpParameter& word, MailParameters& parameters) {
                                                return take(word, offered, parameters);
                                            });
}

ParametersResult<DsnOfRecipient> parse_rcpt_parameters(std::string_view text,
                                                       const OfferedExtensions& offered, bool smtputf8) {
    return parse_parameters<DsnOfRecipient>(text, [&](const EsmtpParameter& word, DsnOfRecipient& dsn) {
        return take(word, offered, smtputf8, dsn);
    });
}

}  // namespace gatepost::server::smtp
