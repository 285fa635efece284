#include "auth/base64.hpp"
#include "auth/crypto/der.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/crypto/public_key.hpp"
#include "auth/crypto/signing_key.hpp"
#include "auth/crypto/verification_budget.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth::crypto {
namespace {

std::string length_octets(std::size_t length) {
    if (length < 0x80) return {static_cast<char>(length)};
    if (length < 0x100) return {static_cast<char>(0x81), static_cast<char>(length)};
    return {static_cast<char>(0x82), static_cast<char>(length >> 8), static_cast<char>(length & 0xff)};
}
std::string element(char tag, const std::string& contents) {
    return tag + length_octets(contents.size()) + contents;
}
std::string rsa_public_key(const std::string& modulus, const std::string& exponent) {
    return element(0x30, element(0x02, modulus) + element(0x02, exponent));
}
const std::string exponent_65537("\x01\x00\x01", 3);
std::string modulus_of(std::size_t octets) {
    return std::string(1, '\0') + std::string(octets - 1, '\xff') + '\xfd';
}

TEST(Digest, sha256) {
    // RFC 6376 §3.4.3, §3.4.4: the empty body
    EXPECT_EQ(base64_encode(sha256("\r\n")), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
    EXPECT_EQ(base64_encode(sha256("")), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    Sha256 digest;
    digest.update("\r");
    digest.update("");
    digest.update("\n");
    EXPECT_EQ(digest.finish(), sha256("\r\n"));
}

TEST(PublicKey, takes_both_forms_of_rsa) {
    const auto key = SigningKey::generate_rsa(1024);
    ASSERT_TRUE(key);
    const std::string spki = key->public_key_octets();
    const auto numbers = read_rsa_public_key(spki);
    ASSERT_TRUE(numbers);
    const std::string pkcs1 =
        rsa_public_key(std::string(1, '\0') + std::string(numbers->modulus), std::string(numbers->exponent));
    const std::string hash = sha256("text");
    const auto signature = key->sign_sha256(hash);
    ASSERT_TRUE(signature);
    for (const std::string& der : {spki, pkcs1}) {
        const auto loaded = PublicKey::rsa(der);
        ASSERT_TRUE(loaded.has_value());
        EXPECT_EQ(loaded->type(), KeyType::rsa);
        EXPECT_EQ(loaded->bits(), 1024U);
        EXPECT_TRUE(loaded->verify_sha256(hash, *signature));
        EXPECT_FALSE(loaded->verify_sha256(sha256("Text"), *signature));
        EXPECT_FALSE(loaded->verify_sha256(hash, signature->substr(1)));
        EXPECT_FALSE(loaded->verify_sha256(hash, ""));
        EXPECT_FALSE(loaded->verify_sha256("text", *signature));
        for (std::size_t i = 0; i < der.size(); ++i)
            EXPECT_FALSE(PublicKey::rsa(der.substr(0, i)).has_value()) << i;
        EXPECT_FALSE(PublicKey::rsa(der + 'x').has_value());
    }
}

TEST(PublicKey, bounds_rsa) {
    const struct {
        const char* what;
        std::string der;
        bool taken;
    } cases[] = {
        {"4096 bits", rsa_public_key(modulus_of(512), exponent_65537), true},
        {"4104 bits", rsa_public_key(modulus_of(513), exponent_65537), false},
        {"exponent 3", rsa_public_key(modulus_of(128), "\x03"), true},
        {"exponent 1", rsa_public_key(modulus_of(128), "\x01"), false},
        {"exponent 2", rsa_public_key(modulus_of(128), "\x02"), false},
        {"exponent 0", rsa_public_key(modulus_of(128), std::string(1, '\0')), false},
        {"exponent of 33 bits", rsa_public_key(modulus_of(128), std::string("\x01\0\0\0\x01", 5)), true},
        {"exponent of 34 bits", rsa_public_key(modulus_of(128), std::string("\x02\0\0\0\x01", 5)), false},
        {"exponent of 64 bits", rsa_public_key(modulus_of(128), modulus_of(8)), false},
        {"even modulus", rsa_public_key(std::string(128, '\x7e'), exponent_65537), false},
        {"negative modulus", rsa_public_key(std::string(128, '\xff'), exponent_65537), false},
        {"zero modulus", rsa_public_key(std::string(1, '\0'), exponent_65537), false},
        {"modulus with a needless zero",
         rsa_public_key(std::string(1, '\0') + std::string(127, '\x7f'), "\x03"), false},
        {"third number",
         element(0x30, element(2, modulus_of(128)) + element(2, exponent_65537) + element(2, "\x03")), false},
        {"indefinite length", std::string("\x30\x80\x02\x01\x03\x02\x01\x03\x00\x00", 10), false},
        {"length not in its shortest form", std::string("\x30\x81\x06\x02\x01\x7f\x02\x01\x03", 9), false},
        {"length past the end", std::string("\x30\x7f\x02\x01\x7f\x02\x01\x03", 8), false},
        {"nothing", "", false},
    };
    for (const auto& c : cases)
        EXPECT_EQ(PublicKey::rsa(c.der).has_value(), c.taken) << c.what;
}

// What is too large is told by its numbers alone.
TEST(PublicKey, sizes_are_told_without_loading) {
    const auto size = rsa_size(rsa_public_key(modulus_of(2048), modulus_of(8)));
    ASSERT_TRUE(size);
    EXPECT_EQ(size->bits, 16'384U);
    EXPECT_EQ(size->exponent_bits, 64U);
    EXPECT_FALSE(rsa_size("no key"));
}

TEST(PublicKey, costs_units_by_its_size) {
    const struct {
        std::string der;
        unsigned units;
    } cases[] = {
        {rsa_public_key(modulus_of(128), exponent_65537), 1},
        {rsa_public_key(modulus_of(128), "\x03"), 1},
        {rsa_public_key(modulus_of(256), exponent_65537), 4},
        {rsa_public_key(modulus_of(384), exponent_65537), 9},
        {rsa_public_key(modulus_of(512), exponent_65537), 16},
        {rsa_public_key(modulus_of(512), std::string("\x01\0\0\0\x01", 5)), 32},
    };
    for (const auto& c : cases)
        EXPECT_EQ(PublicKey::rsa(c.der)->units(), c.units);
}

TEST(VerificationBudget, holds_ten_of_the_dearest_and_a_chain) {
    VerificationBudget budget(10);
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(budget.take(VerificationBudget::units_per_signature));
    EXPECT_FALSE(budget.take(VerificationBudget::units_per_chain + 1));
    EXPECT_TRUE(budget.take(VerificationBudget::units_per_chain)) << "what was refused was not taken";
    EXPECT_TRUE(budget.take(0));
    EXPECT_FALSE(budget.take(1));
}

TEST(PublicKey, ed25519_is_32_octets) {
    const auto key = SigningKey::generate_ed25519();
    ASSERT_TRUE(key);
    const std::string octets = key->public_key_octets();
    const auto loaded = PublicKey::ed25519(octets);
    ASSERT_TRUE(loaded.has_value());
    const std::string hash = sha256("text");
    const auto signature = key->sign_sha256(hash);
    ASSERT_TRUE(signature);
    EXPECT_TRUE(loaded->verify_sha256(hash, *signature));
    EXPECT_FALSE(loaded->verify_sha256(sha256("Text"), *signature));
    EXPECT_FALSE(loaded->verify_sha256(hash, *signature + "x"));
    EXPECT_FALSE(PublicKey::ed25519(octets.substr(1)).has_value());
    EXPECT_FALSE(PublicKey::ed25519(octets + "x").has_value());
    EXPECT_FALSE(PublicKey::ed25519("").has_value());
}

TEST(SigningKey, refuses_what_is_no_key) {
    EXPECT_FALSE(SigningKey::from_pem("").has_value());
    EXPECT_FALSE(SigningKey::from_pem("no key").has_value());
    EXPECT_FALSE(SigningKey::from_pem(std::string(100'000, 'x')).has_value());
    EXPECT_FALSE(SigningKey::generate_rsa(9000));
}

}  // namespace
}  // namespace gatepost::auth::crypto
