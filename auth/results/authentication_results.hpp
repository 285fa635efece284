// Writes the Authentication-Results field (RFC 8601, RFC 8616, and the DMARC properties of RFC 9989 §9): one
// field, all methods, every value from outside validated or quoted so that reading it back gives the same
// value.
#pragma once

#include "auth/evidence.hpp"

#include "dns/ip_address.hpp"

#include <string>
#include <string_view>

namespace gatepost::auth::results {

// What the transaction said of itself, as far as the field tells it.
struct TransactionIdentity {
    dns::IpAddress client_ip;
    std::string helo;
    std::string mail_from;  // without brackets, empty for <>
};

// What the receiver did beside or against the Domain Owner's policy, for comments (RFC 8601 §2.2 CFWS) and
// policy.* properties; empty where nothing was overridden.
struct PolicyNote {
    std::string disposition;  // none, quarantine, reject: what was done on DMARC's account; empty: not said
    std::string override_type;
    std::string override_comment;
};

// The field's value, unfolded, without name and CRLF: "mx1.example.com; spf=pass ...".
std::string authentication_results_value(std::string_view authserv_id, const TransactionIdentity& identity,
                                         const Evidence& evidence, const PolicyNote& note);

// The whole field, folded at 78 columns (RFC 5322 §2.1.1), CRLF at the end.
std::string authentication_results_field(std::string_view value);

}  // namespace gatepost::auth::results
