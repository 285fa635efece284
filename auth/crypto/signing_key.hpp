// Private keys that sign: our reports and rewritten mail by DKIM (RFC 6376 §5), and ARC sets (RFC 8617 §5.1).
// Not copyable, never logged.
#pragma once

#include "auth/crypto/public_key.hpp"
#include "auth/parse_error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::auth::crypto {

class SigningKey {
  public:
    static constexpr unsigned long usual_exponent = 65537;  // RFC 6376 §3.3.2

    // A PEM text with one RSA or Ed25519 key, not encrypted. Refuses RSA below 1024 bits (RFC 8301 §3.2) and
    // above 8192 bits.
    static Parsed<SigningKey> from_pem(std::string_view pem);
    // New keys, from the library's own generator: for those who publish a key, and for tests. nullopt where
    // the library refuses, for instance the size.
    static std::optional<SigningKey> generate_rsa(unsigned bits, unsigned long exponent = usual_exponent);
    static std::optional<SigningKey> generate_ed25519();

    ~SigningKey();
    SigningKey(SigningKey&&) noexcept;
    SigningKey& operator=(SigningKey&&) noexcept;

    KeyType type() const;
    unsigned bits() const;
    // What the p= of the key record holds, before base64: a SubjectPublicKeyInfo for RSA, 32 octets for
    // Ed25519.
    std::string public_key_octets() const;
    // A signature over the 32 octets of a SHA-256 hash. nullopt where the library refuses.
    std::optional<std::string> sign_sha256(std::string_view hash) const;

  private:
    struct Handle;
    explicit SigningKey(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

}  // namespace gatepost::auth::crypto
