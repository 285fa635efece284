#include "server/smtp/command.hpp"

#include "server/smtp/command_table.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>

namespace gatepost::server::smtp {
namespace {

// RFC 4954, RFC 1985, RFC 5321 appendix F.
constexpr std::array<std::string_view, 7> unimplemented{"AUTH", "ETRN", "TURN", "ATRN",
                                                        "SEND", "SOML", "SAML"};
// RFC 9110 §9.1, RFC 5789, and the preface of HTTP/2 (RFC 9113 §3.4).
constexpr std::array<std::string_view, 11> http{"GET",     "HEAD",  "POST",  "PUT", "DELETE", "CONNECT",
                                                "OPTIONS", "TRACE", "PATCH", "PRI", "HOST:"};

Verb verb_of(std::string_view word) {
    for (const auto& rule : command_table())
        if (ascii::equals_ignoring_case(word, rule.keyword)) return rule.verb;
    if (ascii::is_one_of_ignoring_case(word, unimplemented)) return Verb::unimplemented;
    if (ascii::is_one_of_ignoring_case(word, http)) return Verb::http;
    return Verb::unknown;
}

}  // namespace

Command parse_command(std::string_view line) {
    const auto space = line.find(' ');
    Command command;
    command.verb = verb_of(line.substr(0, std::min(space, line.find_last_not_of(" \t") + 1)));
    if (space != std::string_view::npos) command.argument = ascii::trim(line.substr(space));
    return command;
}

}  // namespace gatepost::server::smtp
