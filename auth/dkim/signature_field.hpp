// One DKIM-Signature field as a value (RFC 6376 §3.5, §6.1.1; RFC 8616 §5 for U-labels): every tag checked
// before any key is asked for and any hash computed.
#pragma once

#include "auth/crypto/public_key.hpp"
#include "auth/dkim/canonicalization.hpp"
#include "auth/message/header_block.hpp"
#include "auth/parse_error.hpp"
#include "auth/reason.hpp"
#include "auth/tag_list.hpp"

#include "dns/domain_name.hpp"
#include "dns/idna.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::dkim {

// Local: messages sign 10 to 40 names; each costs a search and, where it is found, octets to hash.
constexpr std::size_t maximum_signed_names = 256;
// Local: a signature by an RSA key of 16384 bits, OpenSSL's largest. What is above crypto::maximum_rsa_bits
// is told of as policy, not as a broken field.
constexpr std::size_t maximum_signature_octets = 16'384 / 8;
// Local: 256 names and a signature take 8 KiB, and z= as much as the fields that it copies.
constexpr std::size_t maximum_field_octets = 64 * 1024;
// RFC 6376 §3.5 l=: at most 76 digits; the same bound for t= and x=, where more than 12 mean infinity.
constexpr std::size_t maximum_digits = 76;
// Local: clocks of signers may be wrong; t= further ahead than this is no clock.
constexpr std::chrono::seconds maximum_clock_difference = std::chrono::hours(24);

struct SignatureField {
    std::string algorithm;                    // a=, as written
    std::optional<crypto::KeyType> key_type;  // of a=; the hash is SHA-256 for both
    Canonicalization header_canonicalization = Canonicalization::simple;
    Canonicalization body_canonicalization = Canonicalization::simple;
    std::optional<dns::DomainName> domain;    // d=
    std::string selector;                     // s=, in A-labels
    std::optional<dns::DomainName> key_name;  // where the key record is: selector._domainkey.domain
    std::string identity;                     // i=, decoded, or "@d"
    std::optional<dns::DomainName> identity_domain;
    std::vector<std::string> signed_names;     // h=, in lower case
    std::optional<std::uint64_t> body_length;  // l=; a number too large for the type is its maximum
    std::optional<std::uint64_t> timestamp;    // t=, seconds since 1970; saturated likewise
    std::optional<std::uint64_t> expiration;   // x=
    std::string body_hash;                     // bh=, decoded
    std::string signature;                     // b=, decoded
    std::string signature_prefix;              // the first eight characters of b= (RFC 6008 §4)
    std::string_view spelled_signature;        // the value of b= with the white space around it, in the field

    Reason fault;                 // why the signature cannot pass, whatever key and message are; empty: none
    bool is_left_unread = false;  // `fault` is that it would take more work than one message may ask for
};

// Reads all tags; `fault` names the first thing wrong, and tags that can be read are read even so. The views
// are parts of `field`. `now` judges t= and x=; `names`: of the message, for the U-labels of d=, s= and i=.
SignatureField parse_signature_field(const HeaderField& field, std::chrono::system_clock::time_point now,
                                     dns::IdnaBudget& names);

// What a signature field is called decides which tags it has.
enum class SignatureSyntax {
    dkim,                   // RFC 6376 §3.5
    arc_message_signature,  // RFC 8617 §4.1.2: no v=, and i= is not an identity
    arc_seal,               // RFC 8617 §4.1.3: a, b, d, s, t alone; h= is forbidden; always relaxed
};
// The same for a field whose tag list has been read. An ARC field's i= and cv= are left to its reader.
SignatureField parse_signature_tags(const TagList& tags, SignatureSyntax syntax,
                                    std::chrono::system_clock::time_point now, dns::IdnaBudget& names);

// Digits only, at most maximum_digits; saturated at the maximum of the type.
std::optional<std::uint64_t> parse_number(std::string_view digits);
// The names of h=, in lower case. Refuses empty names, invalid names, and more than maximum_signed_names.
Parsed<std::vector<std::string>> parse_signed_names(std::string_view value);
// A domain of at least two labels; U-labels become A-labels.
std::optional<dns::DomainName> parse_signing_domain(std::string_view value);

}  // namespace gatepost::auth::dkim
