// What verify and spf tell of their findings: JSON for programs, an account for people. Both are projections
// of the evidence and the one decision; nothing is judged here.
#pragma once

#include "policy/decision.hpp"

#include "auth/evidence.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::cli {

struct RecipientAnswer {
    std::string address;
    std::string reply;  // the refusal; empty: taken
};

struct Account {
    std::string authserv_id;
    auth::Evidence evidence;
    // False: refused for what the envelope or the message is, before anybody judged; there is no evidence.
    bool judged = true;
    std::vector<RecipientAnswer> recipients;  // of those that were named
    bool arc_trusted = false;  // the chain proves the message, and its newest sealer is in trusted_sealers
    policy::Decision decision;
    std::string authentication_results;  // the field's value
};

// One JSON object on one line, keys in the order of the product's contract. Octets that are no UTF-8 become
// U+FFFD.
std::string account_json(const Account& account);
std::string spf_json(const auth::spf::Check& check);

// Several lines, each with its line end, in printable text.
std::string account_text(const Account& account);
std::string spf_text(const auth::spf::Check& check);

// "550 5.7.1 …", as it stands in both: what the client reads, but for the name and the id behind it.
std::string reply_line(const policy::Refusal& refusal);

// Without control characters, for a terminal: each becomes '?'.
std::string printable(std::string_view text);

}  // namespace gatepost::server::cli
