// Public keys that verify DKIM and ARC signatures: RSA with SHA-256 (RFC 6376 §3.3.2, PKCS#1 version 1.5) and
// Ed25519 with SHA-256 (RFC 8463 §3). Both sign the 32 octets of a SHA-256 hash.
#pragma once

#include "auth/parse_error.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace gatepost::auth::crypto {

enum class KeyType { rsa, ed25519 };

std::string_view to_string(KeyType type);

// RFC 8301 §3.2: verifiers take keys of 1024 to 4096 bits. Local: none above, as verifying takes time that
// grows with the square of the size.
constexpr unsigned minimum_rsa_bits = 1024;
constexpr unsigned maximum_rsa_bits = 4096;
// Local: keys have the exponent 65537 (RFC 6376 §3.3.2), a few of old tools 2^32 + 1; the time to verify
// grows with its length.
constexpr unsigned maximum_rsa_exponent_bits = 33;
// Local: an RSA-16384 key, OpenSSL's largest, has 2086 octets with the usual exponent. Keys above
// maximum_rsa_bits are read so far that their size can be told.
constexpr std::size_t maximum_key_octets = 4400;
// RFC 8032 §5.1.5, §5.1.6.
constexpr std::size_t ed25519_key_octets = 32;
constexpr std::size_t ed25519_signature_octets = 64;

// The size of an RSA public key as it is published, told without any arithmetic. nullopt: it is none.
struct RsaSize {
    unsigned bits = 0;  // of the modulus
    unsigned exponent_bits = 0;
};
std::optional<RsaSize> rsa_size(std::string_view der);

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
    // What one verification takes of a VerificationBudget.
    unsigned units() const;

    // Whether `signature` is this key's over `hash`, the 32 octets of a SHA-256 hash. Any thread, several at
    // a time: keys are shared by workers.
    bool verify_sha256(std::string_view hash, std::string_view signature) const;

  private:
    struct Handle;
    explicit PublicKey(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

}  // namespace gatepost::auth::crypto
