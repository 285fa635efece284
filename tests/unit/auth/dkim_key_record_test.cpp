#include "auth/base64.hpp"
#include "auth/crypto/signing_key.hpp"
#include "auth/dkim/key_record.hpp"
#include "auth/dkim/sign.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth::dkim {
namespace {

TEST(DkimKeyRecord, parses) {
    const struct {
        std::string_view text;
        bool valid;
        std::string_view why;
    } cases[] = {
        {"v=DKIM1; k=rsa; p=AAAA", true, ""},
        {"p=AAAA", true, "RFC 6376 §3.6.1: only p= is required"},
        {"p=", true, "§3.6.1: revoked"},
        {" v = DKIM1 ; p = AA AA ; ", true, "§3.2"},
        {"v=DKIM1; zz=1; g=*; p=AAAA", true, "§3.2: unknown tags"},
        {"v=DKIM1; k=xyz; h=md5; s=x; t=q; p=AAAA", true,
         "§3.6.1: unknown values are no fault of the record"},
        {"", false, "nothing"},
        {"v=spf1 -all", false, "another kind of record"},
        {"v=DKIM1; k=rsa", false, "no p="},
        {"v=DKIM2; p=AAAA", false, "§3.6.1"},
        {"v=DKIM1.0; p=AAAA", false, "§3.6.1"},
        {"v=dkim1; p=AAAA", false, "§3.6.1: a string comparison"},
        {"k=rsa; v=DKIM1; p=AAAA", false, "§3.6.1: v= is first"},
        {"p=AAAA; p=AAAA", false, "§3.2"},
        {"p=AA!A", false, "no base64"},
        {"p=AAAA;;", false, "§3.2"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(parse_key_record(c.text).has_value(), c.valid) << c.text << ": " << c.why;
    EXPECT_FALSE(parse_key_record("p=; n=" + std::string(maximum_key_record_octets, 'x')).has_value());
    EXPECT_FALSE(
        parse_key_record("p=" + std::string(crypto::maximum_key_octets / 3 * 4 + 8, 'A')).has_value());
}

TEST(DkimKeyRecord, reads_its_tags) {
    const auto plain = parse_key_record("p=AAAA");
    ASSERT_TRUE(plain.has_value());
    EXPECT_EQ(plain->type, crypto::KeyType::rsa);
    EXPECT_TRUE(plain->sha256_allowed && plain->for_email);
    EXPECT_FALSE(plain->test_mode || plain->strict_identity || plain->revoked());

    const auto full =
        parse_key_record("v=DKIM1; h=sha1 : sha256; k=ed25519; n=x=20y; s=x:email; t=z : s:y; p=AAAA");
    ASSERT_TRUE(full.has_value());
    EXPECT_EQ(full->type, crypto::KeyType::ed25519);
    EXPECT_TRUE(full->sha256_allowed && full->for_email && full->test_mode && full->strict_identity);

    const auto narrow = parse_key_record("k=x; h=sha1; s=tlsrpt; t=; p=");
    ASSERT_TRUE(narrow.has_value());
    EXPECT_EQ(narrow->type, std::nullopt);
    EXPECT_FALSE(narrow->sha256_allowed || narrow->for_email || narrow->test_mode || narrow->strict_identity);
    EXPECT_TRUE(narrow->revoked());
}

TEST(DkimKeyRecord, loads_a_key_or_says_why_not) {
    const auto key = crypto::SigningKey::generate_ed25519();
    ASSERT_TRUE(key);
    const std::string record = key_record_of(*key);
    EXPECT_TRUE(load_key(record).key);
    const std::string data = base64_encode(key->public_key_octets());
    const struct {
        std::string text, fault;
    } cases[] = {
        {"nonsense", "key record: a tag without an equals sign"},
        {"p=", "key revoked"},
        {"k=xyz; p=" + data, "key of an unknown type"},
        {"k=ed25519; s=tlsrpt; p=" + data, "key is not for email (s=)"},
        {"k=ed25519; h=sha1; p=" + data, "key does not allow sha256 (h=)"},
        {"p=" + data, "key: not an RSA public key"},
        {"k=ed25519; p=" + data.substr(0, 40), "key: an Ed25519 key that is not 32 octets"},
    };
    for (const auto& c : cases) {
        const LoadedKey loaded = load_key(c.text);
        EXPECT_FALSE(loaded.key);
        EXPECT_EQ(loaded.fault, c.fault);
    }
}

}  // namespace
}  // namespace gatepost::auth::dkim
