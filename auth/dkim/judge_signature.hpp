// One signature against the keys that were found for it (RFC 6376 §6.1.2, §6.1.3), for DKIM-Signature fields
// and for the fields of ARC, which sign in the same way (RFC 8617 §5.2).
#pragma once

#include "auth/dkim/body_hash.hpp"
#include "auth/dkim/key_lookup.hpp"
#include "auth/dkim/result.hpp"
#include "auth/dkim/signature_field.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace gatepost::auth::dkim {

struct Judgement {
    Result result = Result::none;
    Reason reason;  // empty where it is a pass
    unsigned key_bits = 0;
    bool key_absent = false;
    bool key_in_test_mode = false;
};

// Whether the body is the one that was signed: pass, fail, or permerror for an l= beyond its end.
Judgement judge_body(const SignatureField& parsed, const BodyHashes::Hash& body);

// What judge_signature() may take of a crypto::VerificationBudget: all keys of its type that are found, so
// that it does not depend on their order.
std::size_t verification_units(const SignatureField& parsed, const FoundKeys& found,
                               unsigned minimum_rsa_bits);

// The key, the body, the signature, in this order (RFC 6376 §6.1.2 before §6.1.3); of several keys the one
// that gets furthest. `parsed` has no fault. `body`: what judge_body() said, or a pass for a signature that
// covers none. `header_hash` is called where a key can be tried, once for all.
Judgement judge_signature(const SignatureField& parsed, const FoundKeys& found, unsigned minimum_rsa_bits,
                          const Judgement& body, const std::function<std::string()>& header_hash);

}  // namespace gatepost::auth::dkim
