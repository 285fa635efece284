// DATA framing: the decoder, the encoder and their mirror property (RFC 5321 §4.1.1.4, §4.5.2).
#include "server/smtp/data_decoder.hpp"
#include "server/smtp/data_encoder.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {
namespace {

using namespace std::string_view_literals;
using Kind = DataFault::Kind;

struct Decoded {
    bool done = false;
    std::string content;
    std::string rest;
    std::uint64_t size = 0;
    std::optional<DataFault> fault;
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
    result.size = decoder.size();
    result.fault = decoder.fault();
    return result;
}

std::string encode(std::string_view content, std::size_t chunk = std::string_view::npos) {
    DataEncoder encoder;
    std::string wire;
    for (std::size_t i = 0; i < content.size(); i += std::min(chunk, content.size()))
        encoder.encode(content.substr(i, chunk), wire);
    encoder.finish(wire);
    return wire;
}

// Calls `check` with every string over {CR, LF, '.', NUL, 'x'} of up to `most` octets.
void for_each_string(std::size_t most, const std::function<void(const std::string&)>& check) {
    constexpr std::string_view alphabet = "\r\n.\0x"sv;
    std::string text;
    const std::function<void()> extend = [&] {
        check(text);
        if (text.size() == most) return;
        for (const char c : alphabet) {
            text.push_back(c);
            extend();
            text.pop_back();
        }
    };
    extend();
}

TEST(SmtpDataDecoder, Table) {
    struct Case {
        std::string_view wire;
        bool done;
        std::string_view content;
        std::string_view rest;
        std::optional<DataFault> fault;
    };
    const Case cases[] = {
        {".\r\n", true, "", "", {}},
        {"a\r\n.\r\nQUIT\r\n", true, "a\r\n", "QUIT\r\n", {}},
        {"..\r\n..a\r\n...\r\n.\r\n", true, ".\r\n.a\r\n..\r\n", "", {}},  // §4.5.2
        {".a\r\n.\r\n", true, "a\r\n", "", {}},  // a dot that was not stuffed goes too
        {"a\r\n.", false, "a\r\n", "", {}},
        {"a\r\n.\r", false, "a\r\n", "", {}},
        {"a\n.\n", false, "a\n.\n", "", DataFault{Kind::bare_lf, 1}},
        {"a\n.\r\n", false, "a\n.\r\n", "", DataFault{Kind::bare_lf, 1}},
        {"a\r.\r\n", false, "a\r.\r\n", "", DataFault{Kind::bare_cr, 1}},
        {"a\r\n.\n", false, "a\r\n\n", "", DataFault{Kind::bare_lf, 2}},
        {"a\r\n.\r\r\n", false, "a\r\n\r\r\n", "", DataFault{Kind::bare_cr, 2}},
        {"a\r\n.\r\r\n.\r\n", true, "a\r\n\r\r\n", "", DataFault{Kind::bare_cr, 2}},
        {"a\r\r\n.\r\n", true, "a\r\r\n", "", DataFault{Kind::bare_cr, 1}},
        {"a\r\n\0.\r\n"sv, false, "a\r\n\0.\r\n"sv, "", DataFault{Kind::nul, 2}},
        {"a\r\n.\0\r\n"sv, false, "a\r\n\0\r\n"sv, "", DataFault{Kind::nul, 2}},
        {"a\r\nb\nc\rd\r\n.\r\n", true, "a\r\nb\nc\rd\r\n", "",
         DataFault{Kind::bare_lf, 2}},  // the first counts
    };
    for (const auto& [wire, done, content, rest, fault] : cases) {
        SCOPED_TRACE(testing::PrintToString(std::string(wire)));
        const auto got = decode(wire);
        EXPECT_EQ(got.done, done);
        EXPECT_EQ(got.content, content);
        EXPECT_EQ(got.rest, rest);
        EXPECT_EQ(got.fault, fault);
        EXPECT_EQ(got.size, content.size());
        EXPECT_EQ(decode(wire, 1), got);
        EXPECT_EQ(decode(wire, 2), got);
    }
}

// The definition, told another way: the end is the first CRLF.CRLF, the CRLF of the DATA line counted in.
TEST(SmtpDataDecoder, EveryShortStringEndsExactlyAtCrlfDotCrlf) {
    for_each_string(7, [](const std::string& text) {
        const auto end = ("\r\n" + text).find("\r\n.\r\n");
        const auto got = decode(text);
        ASSERT_EQ(got.done, end != std::string::npos) << testing::PrintToString(text);
        if (got.done) {
            ASSERT_EQ(got.rest, text.substr(end + 3)) << testing::PrintToString(text);
        }
        ASSERT_EQ(decode(text, 1), got) << testing::PrintToString(text);
        ASSERT_EQ(decode(text, 3), got) << testing::PrintToString(text);
    });
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
        EXPECT_EQ(decoder.size(), 9u);
        EXPECT_TRUE(decoder.is_over_limit());
        EXPECT_EQ(wire, "QUIT");
    }
    DataDecoder exact(3);
    std::string content;
    std::string_view wire = "a\r\n.\r\n";
    EXPECT_TRUE(exact.decode(wire, content));
    EXPECT_FALSE(exact.is_over_limit());
}

TEST(SmtpDataEncoder, Table) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", ".\r\n"},
        {"a\r\n", "a\r\n.\r\n"},
        {"a", "a\r\n.\r\n"},
        {".\r\n.a\r\n..\r\n", "..\r\n..a\r\n...\r\n.\r\n"},
        {"a.b\r\n", "a.b\r\n.\r\n"},
        {"a\r", "a\r\r\n.\r\n"},
    };
    for (const auto& [content, wire] : cases) {
        EXPECT_EQ(encode(content), wire);
        EXPECT_EQ(encode(content, 1), wire);
    }
}

// Decoding what was encoded gives the content back, with a CRLF where its last line had none, and the end
// stands at the very end, never before.
TEST(SmtpData, RoundTripOfEveryShortString) {
    for_each_string(7, [](const std::string& content) {
        const auto wire = encode(content);
        const auto got = decode(wire);
        ASSERT_TRUE(got.done) << testing::PrintToString(content);
        ASSERT_EQ(got.rest, "") << testing::PrintToString(content);
        const bool whole = content.empty() || content.ends_with("\r\n");
        ASSERT_EQ(got.content, whole ? content : content + "\r\n") << testing::PrintToString(content);
        ASSERT_EQ(encode(content, 1), wire) << testing::PrintToString(content);
        ASSERT_EQ(encode(content, 3), wire) << testing::PrintToString(content);
    });
}

}  // namespace
}  // namespace gatepost::server::smtp
