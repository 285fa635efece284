// What is done with a message and why. Headers, the SMTP reply, the log line, metrics and report rows are
// projections of this one value: what was carried out is what is reported.
#pragma once

#include "policy/corroboration.hpp"

#include "auth/dmarc/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::policy {

enum class Action { accept, quarantine, reject, defer, discard };
enum class Disposition { none, pass, quarantine, reject };  // the aggregate report's words, RFC 9990 §3.1.1.9

std::string_view to_string(Action action);
std::string_view to_string(Disposition disposition);

// Why the action differs from what the Domain Owner published (RFC 9990 §3.1.1.14).
struct Override {
    std::string type;
    std::string comment;
    friend bool operator==(const Override&, const Override&) = default;
};

// The reply to the end of data where the message is not taken. The server puts its name and the transaction's
// id behind the text.
struct Refusal {
    int code = 550;
    std::string enhanced_code;  // RFC 3463
    std::string text;
    friend bool operator==(const Refusal&, const Refusal&) = default;
};

struct Decision {
    Action action = Action::accept;
    Disposition disposition = Disposition::none;
    std::string rule;         // the exemption's id or the configuration key that spoke; or empty
    std::string exemption;    // the exemption that forgave something; or empty
    std::vector<Fact> facts;  // that corroborate a rejection
    std::string absence;      // of a rejection: what is absent from the DNS that it rests on (absence.hpp)
    std::optional<Override> override_reason;
    std::optional<Refusal> refusal;  // set exactly for reject and defer
    std::string
        reason;  // for people and for X-Quarantine, nobody else's words in it; empty: nothing is wrong
    Action judged = Action::accept;  // what enforce mode does: differs from `action` in monitor mode only
};

}  // namespace gatepost::policy
