// What holds for each command, in one table: its keyword, when it may come, whether it takes an argument, and
// whether it must be the last of a pipelined group.
#pragma once

#include "server/smtp/command.hpp"

#include <span>
#include <string_view>

namespace gatepost::server::smtp {

enum class Argument { none, optional, required };

struct CommandRule {
    Verb verb;
    std::string_view keyword;
    Argument argument;
    bool before_hello;  // RFC 5321 §4.1.4: may come before EHLO or HELO
    bool before_tls;    // RFC 3207 §4: answered where TLS is required and not there yet
    bool ends_group;    // RFC 2920 §3.1, §3.2: last of its group, its reply is sent at once
};

// One rule for each verb but unimplemented, http and unknown.
std::span<const CommandRule> command_table();
// nullptr for those three.
const CommandRule* find_rule(Verb verb);

}  // namespace gatepost::server::smtp
