// What a signature leaves open although it verifies. Who has a signed message can put a second Subject on top
// of it, which most readers show, or text below what l= covers (RFC 6376 §8.2, §8.15). A signature that lets
// him authenticates nobody. A field that stands once and is not signed is no such gap: most signers leave
// Content-Type out, and whoever changes it changes what the signer has left to others on purpose.
#pragma once

#include "auth/dkim/body_hash.hpp"
#include "auth/dkim/header_hash.hpp"
#include "auth/dkim/signature_field.hpp"
#include "auth/reason.hpp"

namespace gatepost::auth::dkim {

// Each says what is open; empty: nothing.

// RFC 6376 §8.15: another From above the signed one, or no From at all.
Reason uncovered_from(const SignatureField& parsed, const FieldIndex& index);

// Of the fields that readers show or obey, one that stands several times and is signed less often.
Reason uncovered_repetition(const SignatureField& parsed, const FieldIndex& index);

// RFC 6376 §8.2: l= ends before the body does.
Reason uncovered_body(const BodyHashes::Hash& body);

// The first of these.
Reason uncovered(const SignatureField& parsed, const FieldIndex& index, const BodyHashes::Hash& body);

}  // namespace gatepost::auth::dkim
