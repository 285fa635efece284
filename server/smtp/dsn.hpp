// The parameters of delivery status notifications (RFC 3461 §4; RFC 6533 §3 for addresses in UTF-8): checked
// here, and passed on as they came, since a relay must not change them (RFC 3461 §5.2.1). Notifications
// themselves are the mail system's behind.
#pragma once

#include "server/smtp/path.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

// Of MAIL: the values as they came; nullopt where they were not given.
struct DsnOfMessage {
    std::optional<std::string> ret;    // FULL or HDRS
    std::optional<std::string> envid;  // xtext
    bool is_asked_for() const { return ret || envid; }
};

// Of RCPT.
struct DsnOfRecipient {
    std::optional<std::string> notify;  // NEVER, or of SUCCESS, FAILURE, DELAY
    std::optional<std::string> orcpt;   // addr-type ";" xtext
    bool is_asked_for() const { return notify || orcpt; }
};

// Whether the value of a parameter is one.
bool is_ret(std::string_view value);
bool is_envid(std::string_view value);
bool is_notify(std::string_view value);
// `smtputf8`: the transaction may have octets above 127 (RFC 6533 §3).
bool is_orcpt(std::string_view value, bool smtputf8);

// An original recipient that is the local part of `recipient` alone gets its domain too, as the forward-path
// did. Others stay as they came.
void complete_orcpt(std::optional<std::string>& orcpt, const Path& recipient);

}  // namespace gatepost::server::smtp
