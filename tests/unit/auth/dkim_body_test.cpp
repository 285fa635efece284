// Canonicalization and body hashes: whatever the chunks, one result (RFC 6376 §3.4).
#include "auth/crypto/digest.hpp"
#include "auth/dkim/body_hash.hpp"
#include "auth/dkim/canonicalization.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth::dkim {
namespace {

std::string canonical(Canonicalization canonicalization, const std::vector<std::string_view>& chunks) {
    std::string out;
    BodyCanonicalizer canonicalizer(canonicalization, [&](std::string_view octets) { out += octets; });
    for (const std::string_view chunk : chunks)
        canonicalizer.update(chunk);
    canonicalizer.finish();
    return out;
}

struct BodyCase {
    std::string body, simple, relaxed;
};

const BodyCase body_cases[] = {
    // RFC 6376 §3.4.5
    {" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
    // §3.4.3, §3.4.4: nothing, and nothing but line ends
    {"", "\r\n", ""},
    {"\r\n", "\r\n", ""},
    {"\r\n\r\n\r\n", "\r\n", ""},
    {" \r\n", " \r\n", ""},
    {" \t", " \t\r\n", ""},
    {"a", "a\r\n", "a\r\n"},
    {"a \r\n \r\n", "a \r\n \r\n", "a\r\n"},
    {"\r\n\r\na", "\r\n\r\na\r\n", "\r\n\r\na\r\n"},
    {"a\r\n\r\nb \t c\r\n", "a\r\n\r\nb \t c\r\n", "a\r\n\r\nb c\r\n"},
    // a bare CR or LF is text
    {"a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
    {"a\nb \n\r\n", "a\nb \n\r\n", "a\nb \n\r\n"},
    {"a\r", "a\r\r\n", "a\r\r\n"},
    {"a \r", "a \r\r\n", "a \r\r\n"},
    {"\r\r\n", "\r\r\n", "\r\r\n"},
    {"a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n"},
};

TEST(DkimBody, canonicalizes_and_does_not_care_for_chunks) {
    for (const BodyCase& c : body_cases) {
        const std::string_view body = c.body;
        for (const auto& [canonicalization, expected] : {std::pair(Canonicalization::simple, c.simple),
                                                         std::pair(Canonicalization::relaxed, c.relaxed)}) {
            std::vector<std::string_view> octets;
            for (std::size_t i = 0; i < body.size(); ++i)
                octets.push_back(body.substr(i, 1));
            EXPECT_EQ(canonical(canonicalization, octets), expected) << testing::PrintToString(c.body);
            for (std::size_t i = 0; i <= body.size(); ++i)
                EXPECT_EQ(canonical(canonicalization, {body.substr(0, i), "", body.substr(i)}), expected)
                    << testing::PrintToString(c.body) << " cut at " << i;
        }
    }
}

// Every text of this length over the octets that matter: cut anywhere, the same.
TEST(DkimBody, no_short_body_depends_on_chunks) {
    constexpr std::string_view alphabet = "a \r\n";
    for (unsigned number = 0; number < 4096; ++number) {
        std::string body;
        for (unsigned rest = number, i = 0; i < 6; ++i, rest /= 4)
            body += alphabet[rest % 4];
        const std::string_view view = body;
        for (const auto canonicalization : {Canonicalization::simple, Canonicalization::relaxed}) {
            const std::string whole = canonical(canonicalization, {view});
            for (std::size_t i = 1; i < body.size(); ++i)
                ASSERT_EQ(canonical(canonicalization, {view.substr(0, i), view.substr(i)}), whole)
                    << testing::PrintToString(body) << " cut at " << i;
        }
    }
}

TEST(DkimBody, long_runs_pass_the_buffer) {
    std::string lines;
    std::string blanks;
    for (int i = 0; i < 10'000; ++i) {
        lines += "\r\n";
        blanks += " \t";
    }
    const std::string text(20'000, 'x');
    EXPECT_EQ(canonical(Canonicalization::simple, {text, lines, text, lines}), text + lines + text + "\r\n");
    EXPECT_EQ(canonical(Canonicalization::relaxed, {text, blanks, text, blanks, lines}),
              text + " " + text + "\r\n");
}

TEST(DkimBody, one_hash_for_each_canonicalization_and_length) {
    BodyHashes hashes;
    const auto whole = hashes.need(Canonicalization::simple, std::nullopt);
    const auto three = hashes.need(Canonicalization::simple, 3);
    const auto none = hashes.need(Canonicalization::relaxed, 0);
    const auto huge = hashes.need(Canonicalization::relaxed, ~std::uint64_t{0});
    EXPECT_EQ(hashes.need(Canonicalization::simple, std::nullopt), whole);
    EXPECT_EQ(hashes.need(Canonicalization::simple, 3), three);
    EXPECT_EQ(hashes.size(), 4U);
    for (const char c : std::string_view("a  b\r\n\r\n"))
        hashes.update(std::string_view(&c, 1));
    hashes.finish();
    EXPECT_EQ(hashes.hash(whole).octets, crypto::sha256("a  b\r\n"));
    EXPECT_EQ(hashes.hash(whole).canonical_octets, 6U);
    EXPECT_EQ(hashes.hash(three).octets, crypto::sha256("a  "));
    EXPECT_EQ(hashes.hash(three).hashed_octets, 3U);
    EXPECT_EQ(hashes.hash(three).canonical_octets, 6U);
    EXPECT_EQ(hashes.hash(none).octets, crypto::sha256(""));
    EXPECT_EQ(hashes.hash(huge).octets, crypto::sha256("a b\r\n"));
    EXPECT_EQ(hashes.hash(huge).hashed_octets, 5U);
}

TEST(DkimHeaderField, canonicalizes) {
    const struct {
        std::string_view raw, simple, relaxed;
    } cases[] = {
        // RFC 6376 §3.4.5
        {"A: X\r\n", "A: X\r\n", "a:X\r\n"},
        {"B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},
        {"Subject:\r\n", "Subject:\r\n", "subject:\r\n"},
        {"Subject: \t \r\n", "Subject: \t \r\n", "subject:\r\n"},
        {"S:\r\n a\r\n \r\n b\r\n", "S:\r\n a\r\n \r\n b\r\n", "s:a b\r\n"},
        {"S: a:B c", "S: a:B c\r\n", "s:a:B c\r\n"},
    };
    for (const auto& c : cases) {
        std::string simple, relaxed;
        canonicalize_header_field(Canonicalization::simple, c.raw, simple);
        canonicalize_header_field(Canonicalization::relaxed, c.raw, relaxed);
        EXPECT_EQ(simple, c.simple);
        EXPECT_EQ(relaxed, c.relaxed);
    }
}

}  // namespace
}  // namespace gatepost::auth::dkim
