// Makes ARC Sets for tests: by the product's own canonicalization and hashes, which the public suites prove.
#pragma once

#include "auth/crypto/signing_key.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace gatepost::tests {

// One set to put on top of `header`. Each part that a test wants wrong is changed here, before it is signed.
struct ArcSetToMake {
    unsigned instance = 1;
    std::string domain = "list.example";
    std::string selector = "s";
    std::string cv;                            // empty: none for the first set, pass for others
    std::string names = "from:to:subject";     // h= of the message signature
    std::string canonicalization = "relaxed";  // of header and body
    std::optional<std::uint64_t> body_length;  // l=
    std::string message_signature_tags;        // more of them, "x=1; "
    std::string seal_tags;
    std::string results = "mx.list.example; spf=pass smtp.mailfrom=example.org";
};

// The three fields, to stand directly above `header`, whose sets run from 1 to set.instance - 1.
std::string make_arc_set(const ArcSetToMake& set, const std::string& header, const std::string& body,
                         const auth::crypto::SigningKey& key);

}  // namespace gatepost::tests
