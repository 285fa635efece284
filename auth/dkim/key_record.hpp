// The key record at selector._domainkey.domain (RFC 6376 §3.6.1, RFC 8463 §4), and the choice among the TXT
// records that stand there (§3.6.2.2, §6.1.2).
#pragma once

#include "auth/crypto/public_key.hpp"
#include "auth/parse_error.hpp"
#include "auth/reason.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::dkim {

// Local: the base64 of a key of 8192 bits is below 1,500 octets; the rest is room for notes.
constexpr std::size_t maximum_key_record_octets = 8192;

struct KeyRecord {
    std::optional<crypto::KeyType> type = crypto::KeyType::rsa;  // k=; unset: a type that we do not know
    bool sha256_allowed = true;                                  // h=
    bool for_email = true;                                       // s=
    bool test_mode = false;                                      // t=y
    bool strict_identity = false;                                // t=s: no subdomains in i=
    std::string key;                                             // p=, decoded; empty: revoked

    bool revoked() const { return key.empty(); }
};

// The text of one TXT record. Fails for what is no key record, or none of this version; unknown tags, key
// types, hashes, services and flags are no fault.
Parsed<KeyRecord> parse_key_record(std::string_view text);

// One record that may verify signatures by keys of its type, its key loaded once for all of them; or why it
// may not.
struct LoadedKey {
    KeyRecord record;  // without `key`, which is loaded
    std::optional<crypto::PublicKey> key;
    unsigned bits = 0;        // of the key; 0: none was read
    bool is_refused = false;  // an RSA key that nobody is to be believed by, or that takes too long: policy
    Reason fault;             // empty where `key` is set
};

LoadedKey load_key(std::string_view text);

}  // namespace gatepost::auth::dkim
