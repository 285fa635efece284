// The little of DER (ITU-T X.690 §10) that an RSA public key needs: read strictly, written by nobody here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::auth::crypto {

// Magnitudes without leading zero octets, big-endian.
struct RsaNumbers {
    std::string_view modulus;
    std::string_view exponent;
};

// A SubjectPublicKeyInfo with the algorithm rsaEncryption, or a bare RSAPublicKey. nullopt: not DER, another
// algorithm, a negative or zero number, octets left over. The views are parts of `der`.
std::optional<RsaNumbers> read_rsa_public_key(std::string_view der);

}  // namespace gatepost::auth::crypto
