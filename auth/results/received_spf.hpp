// Writes the Received-SPF field (RFC 7208 §9.1), for downstream programs that read no Authentication-Results.
// Every value from outside is a dot-atom or a quoted-string, so that reading it back gives the same value.
#pragma once

#include "auth/results/authentication_results.hpp"
#include "auth/spf/result.hpp"

#include <string>
#include <string_view>

namespace gatepost::auth::results {

// The field's value, unfolded, without name and CRLF: "pass (mx1.example.com: ...) client-ip=...".
// `receiver`: our host name. `check`: of MAIL FROM, or of HELO; for the null reverse-path both are about
// postmaster@HELO (RFC 7208 §2.4), and the field says helo. A value that may not stand in a header field is
// left out, key and all.
std::string received_spf_value(std::string_view receiver, const TransactionIdentity& identity,
                               const spf::Check& check);

// The whole field, folded at 78 columns (RFC 5322 §2.1.1), CRLF at the end.
std::string received_spf_field(std::string_view value);

}  // namespace gatepost::auth::results
