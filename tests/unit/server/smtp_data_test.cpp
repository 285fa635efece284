// DATA framing: the decoder, the encoder and their mirror property (RFC 5321 §4.1.1.4, §4.5.2).
#include "tests/support/every_string.hpp"

#include "server/smtp/data_decoder.hpp"
#include "server/smtp/data_encoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {
namespace {

using namespace std::string_view_literals;
using Kind = FramingFault::Kind;

struct Decoded {
    bool done = false;
    std::string content;
    std::string rest;
    std::uint64_t size = 0;
    std::optional<FramingFault> fault;
    friend bool operator==(const Decoded&, const Decoded&) = default;
};

// Feeds `wire` in chunks of `chunk` octets.
Decoded decode(std::string_view wire, std::size_t chunk = std::string_view::npos,
               std::uint64_t limit = 1000000) {
    DataDecoder decoder(limit);
    Decoded result;
    while (!wire.empty() && !result.done) {
        auto part = wire.substr(0, chunk);
        const auto offered = part.size();
        result.done = decoder.decode(part, result.content);
        wire.remove_prefix(offered - part.size());
        if (!result.done && !part.empty()) ADD_FAILURE() << "input left before the end";
    }
    EXPECT_EQ(decoder.is_done(), result.done);
    result.rest = wire;
    result.size = decoder.framing().size();
    result.fault = decoder.framing().fault();
    return result;
}

struct Encoded {
    std::string wire;
    std::optional<Kind> fault;  // of several any
};

// Where there is a fault, what was written up to then is left out: how much that is depends on the cuts.
Encoded encode(std::string_view content, std::size_t chunk = std::string_view::npos) {
    DataEncoder encoder;
    Encoded result;
    bool good = true;
    for (std::size_t i = 0; i < content.size(); i += std::min(chunk, content.size()))
        good = encoder.encode(content.substr(i, chunk), result.wire) && good;
    good = encoder.finish(result.wire) && good;
    result.fault = encoder.fault();
    EXPECT_EQ(good, !result.fault);
    if (good) return result;
    EXPECT_EQ(("\r\n" + result.wire).find("\r\n.\r\n"), std::string::npos) << "an end was written";
    result.wire.clear();
    return result;
}

TEST(SmtpDataDecoder, Table) {
    struct Case {
        std::string_view wire;
        bool done;
        std::string_view content;
        std::string_view rest;
        std::optional<FramingFault> fault;
    };
    const Case cases[] = {
        {".\r\n", true, "", "", {}},
        {"a\r\n.\r\nQUIT\r\n", true, "a\r\n", "QUIT\r\n", {}},
        {"..\r\n..a\r\n...\r\n.\r\n", true, ".\r\n.a\r\n..\r\n", "", {}},  // §4.5.2
        {".a\r\n.\r\n", true, "a\r\n", "", {}},  // a dot that was not stuffed goes too
        {"a\r\n.", false, "a\r\n", "", {}},
        {"a\r\n.\r", false, "a\r\n", "", {}},
        {"a\n.\n", false, "a", "", FramingFault{Kind::bare_lf, 1}},
        {"a\n.\r\n", false, "a", "", FramingFault{Kind::bare_lf, 1}},
        {"a\r.\r\n", false, "a\r", "", FramingFault{Kind::bare_cr, 1}},
        {"a\r\n.\n", false, "a\r\n", "", FramingFault{Kind::bare_lf, 2}},
        {"a\r\n.\r\r\n", false, "a\r\n\r", "", FramingFault{Kind::bare_cr, 2}},
        {"a\r\n.\r\r\n.\r\n", true, "a\r\n\r", "", FramingFault{Kind::bare_cr, 2}},
        {"a\r\r\n.\r\n", true, "a\r", "", FramingFault{Kind::bare_cr, 1}},
        {"a\r\n\0.\r\n"sv, false, "a\r\n", "", FramingFault{Kind::nul, 2}},
        {"a\r\n.\0\r\n"sv, false, "a\r\n", "", FramingFault{Kind::nul, 2}},
        {"a\r\nb\nc\rd\r\n.\r\n", true, "a\r\nb", "", FramingFault{Kind::bare_lf, 2}},  // the first counts
    };
    for (const auto& [wire, done, content, rest, fault] : cases) {
        SCOPED_TRACE(testing::PrintToString(std::string(wire)));
        const auto got = decode(wire);
        EXPECT_EQ(got.done, done);
        EXPECT_EQ(got.content, content);
        EXPECT_EQ(got.rest, rest);
        EXPECT_EQ(got.fault, fault);
        if (!fault) {
            EXPECT_EQ(got.size, content.size());
        }
        EXPECT_EQ(decode(wire, 1), got);
        EXPECT_EQ(decode(wire, 2), got);
    }
}

TEST(SmtpDataDecoder, CountsPastTheLimitWithoutStoring) {
    for (const std::size_t chunk : {1, 3, 100}) {
        DataDecoder decoder(5);
        std::string content;
        std::string_view wire = "..34\r\n78\r\n.\r\nQUIT";
        while (!decoder.is_done()) {
            auto part = wire.substr(0, chunk);
            const auto offered = part.size();
            decoder.decode(part, content);
            wire.remove_prefix(offered - part.size());
        }
        EXPECT_EQ(content, ".34\r\n");
        EXPECT_EQ(decoder.framing().size(), 9u);
        EXPECT_TRUE(decoder.framing().is_over_limit());
        EXPECT_EQ(wire, "QUIT");
    }
    DataDecoder exact(3);
    std::string content;
    std::string_view wire = "a\r\n.\r\n";
    EXPECT_TRUE(exact.decode(wire, content));
    EXPECT_FALSE(exact.framing().is_over_limit());
}

TEST(SmtpDataEncoder, Table) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", ".\r\n"},
        {"a\r\n", "a\r\n.\r\n"},
        {"a", "a\r\n.\r\n"},
        {".\r\n.a\r\n..\r\n", "..\r\n..a\r\n...\r\n.\r\n"},
        {"a.b\r\n", "a.b\r\n.\r\n"},
        {".", "..\r\n.\r\n"},
    };
    for (const auto& [content, wire] : cases) {
        EXPECT_EQ(encode(content).wire, wire);
        EXPECT_EQ(encode(content, 1).wire, wire);
    }
}

// RFC 5321 §2.3.8, §4.5.2.
TEST(SmtpDataEncoder, WritesNoEndBehindWhatTheDecoderWouldRefuse) {
    const std::pair<std::string_view, Kind> cases[] = {
        {"a\r", Kind::bare_cr},          {"a\rb\r\n", Kind::bare_cr}, {"a\r\r\n", Kind::bare_cr},
        {"a\r\n\r.\r\n", Kind::bare_cr}, {"\n", Kind::bare_lf},       {"a\n.\r\n", Kind::bare_lf},
        {"a\r\n.\n", Kind::bare_lf},     {"a\r\n\n", Kind::bare_lf},  {"\0"sv, Kind::nul},
        {"a\r\nb\0\r\n"sv, Kind::nul},
    };
    for (const auto& [content, fault] : cases) {
        SCOPED_TRACE(testing::PrintToString(std::string(content)));
        EXPECT_EQ(encode(content).fault, fault);
        EXPECT_EQ(encode(content, 1).fault, fault);
    }
}

// What lines may hold, told another way: no NUL, and neither CR nor LF but in CRLF.
bool is_legal(std::string content) {
    for (auto at = content.find("\r\n"); at != std::string::npos; at = content.find("\r\n", at))
        content.erase(at, 2).insert(at, "x");
    return content.find_first_of("\r\n\0"sv) == std::string::npos;
}

// Decoding what was encoded gives the content back, with a CRLF where its last line had none, and the end
// stands at the very end, never before. What is not legal is not encoded.
TEST(SmtpData, RoundTripOfEveryShortString) {
    tests::for_each_string(8, [](const std::string& content) {
        const auto encoded = encode(content);
        ASSERT_EQ(!encoded.fault, is_legal(content)) << testing::PrintToString(content);
        for (const std::size_t chunk : {1, 3}) {
            const auto in_parts = encode(content, chunk);
            ASSERT_EQ(!in_parts.fault, !encoded.fault) << testing::PrintToString(content);
            ASSERT_EQ(in_parts.wire, encoded.wire) << testing::PrintToString(content);
        }
        if (encoded.fault) return;
        const auto got = decode(encoded.wire);
        const bool whole = content.empty() || content.ends_with("\r\n");
        ASSERT_TRUE(got.done) << testing::PrintToString(content);
        ASSERT_EQ(got.rest, "") << testing::PrintToString(content);
        ASSERT_FALSE(got.fault) << testing::PrintToString(content);
        ASSERT_EQ(got.content, whole ? content : content + "\r\n") << testing::PrintToString(content);
    });
}

}  // namespace
}  // namespace gatepost::server::smtp
