// One command line, cut into verb and argument (RFC 5321 §4.1.1). Any line is a command; one that is none of
// ours has the verb `unknown`.
#pragma once

#include <string_view>

namespace gatepost::server::smtp {

enum class Verb {
    ehlo,
    helo,
    mail,
    rcpt,
    data,
    rset,
    noop,
    vrfy,
    expn,
    help,
    quit,
    bdat,
    starttls,
    xclient,
    unimplemented,  // of another RFC, not offered here: AUTH, ETRN ...
    http,           // a request line or Host field of HTTP: a browser was sent here (cross-protocol attack)
    unknown,
};

struct Command {
    Verb verb = Verb::unknown;
    // Behind the verb, white space around it taken off (RFC 5321 §4.1.1: trailing white space is tolerated).
    std::string_view argument;
};

// `line` without CRLF; the argument is a view into it. Verbs in any case (RFC 5321 §2.4).
Command parse_command(std::string_view line);

}  // namespace gatepost::server::smtp
