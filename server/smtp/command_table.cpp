#include "server/smtp/command_table.hpp"

#include <algorithm>
#include <array>

namespace gatepost::server::smtp {
namespace {

constexpr std::array table{
    //          verb            keyword     argument            hello  tls    ends group
    CommandRule{Verb::ehlo, "EHLO", Argument::required, true, true, true},
    CommandRule{Verb::helo, "HELO", Argument::optional, true, false, true},  // optional to our own machines
    CommandRule{Verb::mail, "MAIL", Argument::required, false, false, false},
    CommandRule{Verb::rcpt, "RCPT", Argument::required, false, false, false},
    CommandRule{Verb::data, "DATA", Argument::none, false, false, true},
    // RFC 3030 §4.2: chunks are pipelined, and their replies with them.
    CommandRule{Verb::bdat, "BDAT", Argument::required, false, false, false},
    CommandRule{Verb::rset, "RSET", Argument::none, true, false, false},
    CommandRule{Verb::noop, "NOOP", Argument::optional, true, true, true},
    CommandRule{Verb::vrfy, "VRFY", Argument::required, true, false, true},
    CommandRule{Verb::expn, "EXPN", Argument::required, true, false, true},
    CommandRule{Verb::help, "HELP", Argument::optional, true, false, true},
    CommandRule{Verb::quit, "QUIT", Argument::none, true, true, true},
    CommandRule{Verb::starttls, "STARTTLS", Argument::none, false, true, true},
    CommandRule{Verb::xclient, "XCLIENT", Argument::required, true, false, true},
};

}  // namespace

std::span<const CommandRule> command_table() {
    return table;
}

const CommandRule* find_rule(Verb verb) {
    const auto* found =
        std::find_if(table.begin(), table.end(), [verb](const auto& rule) { return rule.verb == verb; });
    return found == table.end() ? nullptr : found;
}

}  // namespace gatepost::server::smtp
