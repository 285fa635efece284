#include "auth/base64.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth {
namespace {

TEST(Base64, decodes) {
    const struct {
        std::string_view text;
        std::optional<std::string> octets;
    } cases[] = {
        // RFC 4648 §10
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmFy", "foobar"},
        // RFC 6376 §2.8: white space anywhere, padding may be left out
        {"Z m9v\r\n\tYg = =", "foob"},
        {"Zm9vYg", "foob"},
        {"Zm8", "fo"},
        {"+/+/", "\xfb\xff\xbf"},
        // RFC 4648 §3.5: bits behind the last octet
        {"Zh==", "f"},
        {"Zm9=", "fo"},
        // refused
        {"Z", std::nullopt},
        {"Zm9vY", std::nullopt},
        {"Zg=", std::nullopt},
        {"Zg===", std::nullopt},
        {"Zm8==", std::nullopt},
        {"Zm9v=", std::nullopt},
        {"=", std::nullopt},
        {"Zg==Zg==", std::nullopt},
        {"Zm9v!", std::nullopt},
        {"Zm-_", std::nullopt},
        {std::string_view("Zm9v\0", 5), std::nullopt},
    };
    for (const auto& c : cases)
        EXPECT_EQ(base64_decode(c.text, 100), c.octets) << c.text;
}

// RFC 6376 §2.8: white space is nothing, wherever it stands.
TEST(Base64, ignores_white_space_at_every_place) {
    const std::string octets = "any 20 octets, or so";
    const std::string text = base64_encode(octets);
    for (std::size_t i = 0; i <= text.size(); ++i) {
        for (std::size_t k = i; k <= text.size(); ++k) {
            std::string folded = text;
            folded.insert(k, "\t");
            folded.insert(i, "\r\n ");
            EXPECT_EQ(base64_decode(folded, octets.size()), octets) << i << ' ' << k;
        }
    }
}

TEST(Base64, refuses_any_other_octet_at_every_place) {
    const std::string text = base64_encode("any 21 octets, or so.");
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (const char wrong : {'-', '_', '\0', '\x80', '\xff', '='}) {
            std::string broken = text;
            broken[i] = wrong;
            const bool is_padding = wrong == '=' && i + 1 == text.size();
            EXPECT_EQ(base64_decode(broken, 100).has_value(), is_padding) << i << ' ' << int(wrong);
        }
    }
}

TEST(Base64, keeps_to_the_bound) {
    const std::string text = base64_encode("octets");
    for (std::size_t bound = 0; bound < 6; ++bound)
        EXPECT_EQ(base64_decode(text, bound), std::nullopt) << bound;
    EXPECT_EQ(base64_decode(text, 6), "octets");
    EXPECT_EQ(base64_decode("Zm9v", 3), "foo");
    EXPECT_EQ(base64_decode("Zm9vYg==", 3), std::nullopt);
}

TEST(Base64, decodes_what_it_encodes) {
    std::string octets;
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(base64_decode(base64_encode(octets), octets.size()), octets) << i;
        octets += static_cast<char>(i * 7);
    }
    EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
}

}  // namespace
}  // namespace gatepost::auth
