// Signing a message of our own making: reports, and mail that we rewrite (RFC 6376 §5).
#pragma once

#include "auth/crypto/signing_key.hpp"
#include "auth/dkim/canonicalization.hpp"
#include "auth/message/header_block.hpp"
#include "auth/parse_error.hpp"

#include "dns/domain_name.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::dkim {

struct SigningOptions {
    dns::DomainName domain;  // d=
    std::string selector;    // s=, in A-labels
    Canonicalization header_canonicalization = Canonicalization::relaxed;
    Canonicalization body_canonicalization = Canonicalization::relaxed;
    // h=. Empty: usual_names(), so that none can be added (RFC 6376 §8.15).
    std::vector<std::string> names;
    std::string identity;                      // i=, an address or "@domain"; empty: left out
    std::optional<std::uint64_t> body_length;  // l=; only tests want it (RFC 6376 §8.2)
    std::optional<std::chrono::system_clock::time_point> timestamp;   // t=
    std::optional<std::chrono::system_clock::time_point> expiration;  // x=
};

// Gives the whole DKIM-Signature field, folded, its final CRLF included, to be put on top of the message.
// `body`: with CRLF line ends. The algorithm is that of the key: rsa-sha256 or ed25519-sha256 (RFC 8463).
// Fails where the options cannot make a valid field, or the key refuses to sign.
Parsed<std::string> sign(const HeaderBlock& header, std::string_view body, const crypto::SigningKey& key,
                         const SigningOptions& options);

// What h= names unless something else is asked for: every field of RFC 6376 §5.4.1 that `header` has, and one
// more of those that may be there only once. In lower case.
std::vector<std::string> usual_names(const HeaderBlock& header);

// The key record to publish at selector._domainkey.domain for this key (RFC 6376 §3.6.1).
std::string key_record_of(const crypto::SigningKey& key);

}  // namespace gatepost::auth::dkim
