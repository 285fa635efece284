#include "auth/crypto/signing_key.hpp"

#include "auth/crypto/digest.hpp"
#include "auth/crypto/openssl_handles.hpp"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <utility>

namespace gatepost::auth::crypto {
namespace {

constexpr unsigned minimum_signing_bits = 1024;  // RFC 8301 §3.2
constexpr unsigned maximum_signing_bits =
    8192;  // local: our own keys cost nobody but us; few verifiers take them
constexpr std::size_t maximum_pem_octets = 65'536;  // local: a key of 8192 bits takes 7 KiB

// A server has nobody to ask.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

}  // namespace

struct SigningKey::Handle {
    KeyType type;
    Key key;
};

SigningKey::SigningKey(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
SigningKey::~SigningKey() = default;
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;

Parsed<SigningKey> SigningKey::from_pem(std::string_view pem) {
    const ErrorQueueCleared cleared;
    if (pem.size() > maximum_pem_octets) return ParseError("too large for a private key");
    const Bio text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (!text) return ParseError("no memory");
    Key key(PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr));
    if (!key) return ParseError("not a private key in PEM, or an encrypted one");
    if (EVP_PKEY_is_a(key.get(), "ED25519") == 1)
        return SigningKey(std::make_unique<Handle>(Handle{KeyType::ed25519, std::move(key)}));
    if (EVP_PKEY_is_a(key.get(), "RSA") != 1) return ParseError("neither an RSA nor an Ed25519 key");
    const int bits = EVP_PKEY_get_bits(key.get());
    if (bits < static_cast<int>(minimum_signing_bits)) return ParseError("an RSA key below 1024 bits");
    if (bits > static_cast<int>(maximum_signing_bits)) return ParseError("an RSA key above 8192 bits");
    return SigningKey(std::make_unique<Handle>(Handle{KeyType::rsa, std::move(key)}));
}

std::optional<SigningKey> SigningKey::generate_rsa(unsigned bits, unsigned long exponent) {
    const ErrorQueueCleared cleared;
    if (bits > maximum_signing_bits) return std::nullopt;
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    const BigNumber number(BN_new());
    EVP_PKEY* key = nullptr;
    if (!context || !number || BN_set_word(number.get(), exponent) != 1 ||
        EVP_PKEY_keygen_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) != 1 ||
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), number.get()) != 1 ||
        EVP_PKEY_generate(context.get(), &key) != 1)
        return std::nullopt;
    return SigningKey(std::make_unique<Handle>(Handle{KeyType::rsa, Key(key)}));
}

std::optional<SigningKey> SigningKey::generate_ed25519() {
    const ErrorQueueCleared cleared;
    Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (!key) return std::nullopt;
    return SigningKey(std::make_unique<Handle>(Handle{KeyType::ed25519, std::move(key)}));
}

KeyType SigningKey::type() const {
    return handle_->type;
}

unsigned SigningKey::bits() const {
    return handle_->type == KeyType::rsa ? static_cast<unsigned>(EVP_PKEY_get_bits(handle_->key.get())) : 256;
}

std::string SigningKey::public_key_octets() const {
    const ErrorQueueCleared cleared;
    if (handle_->type == KeyType::ed25519) {
        std::string octets(ed25519_key_octets, '\0');
        std::size_t length = octets.size();
        if (EVP_PKEY_get_raw_public_key(handle_->key.get(), reinterpret_cast<unsigned char*>(octets.data()),
                                        &length) != 1)
            return {};
        return octets;
    }
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(handle_->key.get(), &der);
    if (length <= 0) return {};
    std::string octets(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
    OPENSSL_free(der);
    return octets;
}

std::optional<std::string> SigningKey::sign_sha256(std::string_view hash) const {
    const ErrorQueueCleared cleared;
    if (hash.size() != sha256_octets) return std::nullopt;
    EVP_PKEY* key = handle_->key.get();
    std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
    std::size_t length = signature.size();
    unsigned char* out = reinterpret_cast<unsigned char*>(signature.data());
    if (handle_->type == KeyType::ed25519) {
        const DigestContext context(EVP_MD_CTX_new());
        if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1)
            return std::nullopt;
        if (EVP_DigestSign(context.get(), out, &length, octets_of(hash), hash.size()) != 1)
            return std::nullopt;
    } else {
        const KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
        if (!context || EVP_PKEY_sign_init(context.get()) != 1) return std::nullopt;
        if (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) return std::nullopt;
        if (EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) != 1) return std::nullopt;
        if (EVP_PKEY_sign(context.get(), out, &length, octets_of(hash), hash.size()) != 1)
            return std::nullopt;
    }
    signature.resize(length);
    return signature;
}

}  // namespace gatepost::auth::crypto
