#include "server/smtp/esmtp_parameters.hpp"

#include "server/smtp/limits.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <limits>

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

std::optional<ParameterFault> take_smtputf8(const EsmtpParameter& parameter, MailParameters& parameters) {
    // RFC 6531 §3.4: no value.
    if (parameters.smtputf8 || parameter.value) return ParameterFault::syntax;
    parameters.smtputf8 = true;
    return std::nullopt;
}

std::optional<ParameterFault> take(const EsmtpParameter& parameter, const OfferedExtensions& offered,
                                   MailParameters& parameters) {
    const auto is = [&](std::string_view keyword) {
        return ascii::equals_ignoring_case(parameter.keyword, keyword);
    };
    if (is("SIZE") && offered.size) return take_size(parameter, parameters);
    if (is("BODY") && offered.eight_bit_mime) return take_body(parameter, parameters);
    if (is("SMTPUTF8") && offered.smtputf8 && offered.eight_bit_mime)
        return take_smtputf8(parameter, parameters);
    return ParameterFault::not_implemented;
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

MailParametersResult parse_mail_parameters(std::string_view text, const OfferedExtensions& offered) {
    MailParametersResult result;
    const auto words = parse_esmtp_parameters(text);
    if (!words) return result;
    MailParameters parameters;
    for (const auto& word : *words) {
        const auto fault = take(word, offered, parameters);
        if (!fault) continue;
        result.fault = *fault;
        result.culprit = word.keyword;
        return result;
    }
    result.parameters = parameters;
    return result;
}

}  // namespace gatepost::server::smtp
