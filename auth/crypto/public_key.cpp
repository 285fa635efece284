#include "auth/crypto/public_key.hpp"

#include "auth/crypto/der.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/crypto/openssl_handles.hpp"
#include "auth/crypto/verification_budget.hpp"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <string>
#include <utility>

namespace gatepost::auth::crypto {
namespace {

unsigned bit_length(std::string_view magnitude) {
    unsigned bits = static_cast<unsigned>(magnitude.size()) * 8;
    for (unsigned first = static_cast<unsigned char>(magnitude.front()); first < 0x80; first <<= 1)
        --bits;
    return bits;
}

bool is_odd(std::string_view magnitude) {
    return (static_cast<unsigned char>(magnitude.back()) & 1) != 0;
}

// By the numbers, not by d2i_PUBKEY, which costs twenty times as much (decoders are looked up each time).
Key load_rsa(const RsaNumbers& numbers) {
    const BigNumber modulus(
        BN_bin2bn(octets_of(numbers.modulus), static_cast<int>(numbers.modulus.size()), nullptr));
    const BigNumber exponent(
        BN_bin2bn(octets_of(numbers.exponent), static_cast<int>(numbers.exponent.size()), nullptr));
    const ParameterBuilder builder(OSSL_PARAM_BLD_new());
    if (!modulus || !exponent || !builder) return nullptr;
    if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1) return nullptr;
    if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) return nullptr;
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
    EVP_PKEY* key = nullptr;
    if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) return nullptr;
    return Key(key);
}

// Ready to verify a SHA-256 digest (RFC 8017 §8.2); each verification works on a copy, which costs a tenth of
// this.
KeyContext prepare_rsa(EVP_PKEY* key) {
    KeyContext context(EVP_PKEY_CTX_new(key, nullptr));
    if (!context || EVP_PKEY_verify_init(context.get()) != 1) return nullptr;
    if (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1) return nullptr;
    if (EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) != 1) return nullptr;
    return context;
}

}  // namespace

struct PublicKey::Handle {
    KeyType type;
    unsigned bits;
    unsigned units;
    Key key;
    KeyContext prepared;  // of an RSA key
};

std::string_view to_string(KeyType type) {
    return type == KeyType::rsa ? "rsa" : "ed25519";
}

std::optional<RsaSize> rsa_size(std::string_view der) {
    const auto numbers = read_rsa_public_key(der);
    if (!numbers) return std::nullopt;
    return RsaSize{bit_length(numbers->modulus), bit_length(numbers->exponent)};
}

PublicKey::PublicKey(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
PublicKey::~PublicKey() = default;
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;

Parsed<PublicKey> PublicKey::rsa(std::string_view der) {
    const ErrorQueueCleared cleared;
    const auto numbers = read_rsa_public_key(der);
    if (!numbers) return ParseError("not an RSA public key");
    const unsigned bits = bit_length(numbers->modulus);
    if (bits > maximum_rsa_bits)
        return ParseError(
            Reason("an RSA key of ").then(bits).then(" bits, more than ").then(maximum_rsa_bits));
    const unsigned exponent_bits = bit_length(numbers->exponent);
    if (exponent_bits > maximum_rsa_exponent_bits) return ParseError("an RSA exponent too large");
    // RFC 8017 §3.1: both are odd, and the exponent is at least 3; with 1 every text is its own signature.
    if (!is_odd(numbers->modulus) || !is_odd(numbers->exponent) || exponent_bits < 2)
        return ParseError("an RSA key with impossible numbers");
    Key key = load_rsa(*numbers);
    KeyContext prepared = key ? prepare_rsa(key.get()) : nullptr;
    if (!prepared) return ParseError("an RSA key that cannot be used");
    const unsigned units = rsa_units(bits, exponent_bits);
    return PublicKey(
        std::make_unique<Handle>(Handle{KeyType::rsa, bits, units, std::move(key), std::move(prepared)}));
}

Parsed<PublicKey> PublicKey::ed25519(std::string_view octets) {
    const ErrorQueueCleared cleared;
    if (octets.size() != ed25519_key_octets) return ParseError("an Ed25519 key that is not 32 octets");
    Key key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets_of(octets), octets.size()));
    if (!key) return ParseError("an Ed25519 key that cannot be used");
    return PublicKey(
        std::make_unique<Handle>(Handle{KeyType::ed25519, 256, ed25519_units, std::move(key), nullptr}));
}

KeyType PublicKey::type() const {
    return handle_->type;
}

unsigned PublicKey::bits() const {
    return handle_->bits;
}

unsigned PublicKey::units() const {
    return handle_->units;
}

bool PublicKey::verify_sha256(std::string_view hash, std::string_view signature) const {
    const ErrorQueueCleared cleared;
    if (hash.size() != sha256_octets) return false;
    if (handle_->type == KeyType::ed25519) {
        // RFC 8463 §3: the hash is the message that PureEdDSA signs.
        if (signature.size() != ed25519_signature_octets) return false;
        const DigestContext context(EVP_MD_CTX_new());
        if (!context ||
            EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle_->key.get()) != 1)
            return false;
        return EVP_DigestVerify(context.get(), octets_of(signature), signature.size(), octets_of(hash),
                                hash.size()) == 1;
    }
    const KeyContext context(EVP_PKEY_CTX_dup(handle_->prepared.get()));
    if (!context) return false;
    return EVP_PKEY_verify(context.get(), octets_of(signature), signature.size(), octets_of(hash),
                           hash.size()) == 1;
}

}  // namespace gatepost::auth::crypto
