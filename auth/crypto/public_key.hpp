// Public keys that verify DKIM and ARC signatures: RSA with SHA-256 (RFC 6376 §3.3.2, PKCS#1 version 1.5) and
// Ed25519 with SHA-256 (RFC 8463 §3). Both sign the 32 octets of a SHA-256 hash.
#pragma once

#include "auth/parse_error.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace gatepost::auth::crypto {

enum class KeyType { rsa, ed25519 };

std::string_view to_string(KeyType type);

// Local: verifying takes time that grows with the square of the size; RFC 6376 §3.3.3 asks for 2048 bits.
constexpr unsigned maximum_rsa_bits = 8192;
// Local: keys have the exponent 65537 (RFC 6376 §3.3.2); the time to verify grows with its length.
constexpr unsigned maximum_rsa_exponent_bits = 64;
// An RSA-8192 SubjectPublicKeyInfo has 1062 octets with the usual exponent; more is no key we take.
constexpr std::size_t maximum_key_octets = 1100;
// RFC 8032 §5.1.5, §5.1.6.
constexpr std::size_t ed25519_key_octets = 32;
constexpr std::size_t ed25519_signature_octets = 64;

class PublicKey {
  public:
    // `der`: a SubjectPublicKeyInfo (RFC 5280 §4.1), which is what is published, or an RSAPublicKey (RFC 8017
    // §A.1.1), which is what RFC 6376 §3.6.1 writes. Refuses anything behind it, keys above
    // maximum_rsa_bits, and exponents above maximum_rsa_exponent_bits. Small keys are taken: bits() tells.
    static Parsed<PublicKey> rsa(std::string_view der);
    // `octets`: the 32 octets of the key, without any wrapping (RFC 8463 §4.1).
    static Parsed<PublicKey> ed25519(std::string_view octets);

    ~PublicKey();
    PublicKey(PublicKey&&) noexcept;
    PublicKey& operator=(PublicKey&&) noexcept;

    KeyType type() const;
    unsigned bits() const;  // of the modulus; 256 for Ed25519

    // Whether `signature` is this key's over `hash`, the 32 octets of a SHA-256 hash. Any thread, several at
    // a time: keys are shared by workers.
    bool verify_sha256(std::string_view hash, std::string_view signature) const;

  private:
    struct Handle;
    explicit PublicKey(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

}  // namespace gatepost::auth::crypto
