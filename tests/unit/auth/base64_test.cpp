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

TEST(Base64, keeps_to_the_bound) {
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
