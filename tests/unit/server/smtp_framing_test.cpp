// What DATA and BDAT make of every short string, against decoders written from the sections alone: slow, of
// the whole text at once, without states (RFC 5321 §2.3.8, §4.1.1.4, §4.5.2, RFC 3030 §2).
#include "tests/support/every_string.hpp"

#include "server/smtp/chunk_decoder.hpp"
#include "server/smtp/content_framing.hpp"
#include "server/smtp/data_decoder.hpp"
#include "server/smtp/data_encoder.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {
namespace {

using namespace std::string_view_literals;
using Kind = FramingFault::Kind;

constexpr std::size_t whole = std::string_view::npos;
constexpr std::size_t most_octets = 8;

struct Outcome {
    bool done = false;
    std::string content;
    std::string rest;
    std::uint64_t size = 0;
    std::optional<FramingFault> fault;
    std::optional<FramingFault> normalised;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

void PrintTo(const Outcome& outcome, std::ostream* stream) {
    const auto print = [&](const char* name, const std::optional<FramingFault>& fault) {
        if (fault) *stream << name << static_cast<int>(fault->kind) << " in line " << fault->line;
    };
    *stream << outcome.done << ' ' << testing::PrintToString(outcome.content) << " rest "
            << testing::PrintToString(outcome.rest) << " size " << outcome.size;
    print(" fault ", outcome.fault);
    print(" normalised ", outcome.normalised);
}

Outcome outcome_of(const ContentFraming& framing, bool done, std::string content, std::string_view rest) {
    return {done,           std::move(content), std::string(rest),
            framing.size(), framing.fault(),    framing.normalised()};
}

Outcome decode_data(std::string_view wire, std::size_t cut, BareNewlines mode) {
    DataDecoder decoder(1000, mode);
    std::string content;
    while (!wire.empty() && !decoder.is_done()) {
        auto part = wire.substr(0, cut);
        const auto offered = part.size();
        decoder.decode(part, content);
        wire.remove_prefix(offered - part.size());
    }
    return outcome_of(decoder.framing(), decoder.is_done(), content, wire);
}

// One message of chunks of `chunk` octets, the last one empty; read `cut` octets at a time.
Outcome decode_chunks(std::string_view text, std::size_t chunk, std::size_t cut, BareNewlines mode) {
    ChunkDecoder decoder(1000, mode);
    std::string content;
    while (!text.empty()) {
        const auto octets = std::min(chunk, text.size());
        decoder.begin_chunk(octets, false);
        bool done = false;
        for (std::size_t taken = 0; !done; taken += std::min(cut, octets)) {
            auto part = text.substr(taken, cut);
            const auto offered = part.size();
            done = decoder.decode(part, content);
            if (done) text.remove_prefix(taken + offered - part.size());
        }
    }
    decoder.begin_chunk(0, true);
    std::string_view rest = "QUIT";
    const bool done = decoder.decode(rest, content);
    return outcome_of(decoder.framing(), done, content, rest);
}

// What the octets of a message are worth. `ended`: nothing can follow the last of them.
Outcome reference(std::string_view text, BareNewlines mode, bool ended) {
    Outcome outcome;
    std::uint64_t line = 1;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool crlf = text.substr(i, 2) == "\r\n";
        if (crlf || (text[i] != '\r' && text[i] != '\n' && text[i] != '\0')) {
            outcome.content += text.substr(i, crlf ? 2 : 1);
            line += crlf ? 1 : 0;
            i += crlf ? 1 : 0;
            continue;
        }
        const auto kind = text[i] == '\r' ? Kind::bare_cr : text[i] == '\n' ? Kind::bare_lf : Kind::nul;
        const bool open = kind == Kind::bare_cr && i + 1 == text.size() && !ended;  // an LF may follow
        if (mode == BareNewlines::normalised && kind != Kind::nul) {
            if (open) break;
            if (!outcome.normalised) outcome.normalised = FramingFault{kind, line};
            outcome.content += "\r\n";
            ++line;
            continue;
        }
        if (kind == Kind::bare_cr) outcome.content += '\r';
        if (open) break;
        outcome.fault = FramingFault{kind, line};
        outcome.size = outcome.content.size() + text.size() - i - (kind == Kind::bare_cr ? 1 : 0);
        return outcome;
    }
    outcome.size = outcome.content.size();
    return outcome;
}

Outcome reference_data(const std::string& wire, BareNewlines mode) {
    const std::string lines = "\r\n" + wire;
    const auto end = lines.find("\r\n.\r\n");
    const bool done = end != std::string::npos;
    std::string text;
    const std::string_view message = done ? std::string_view(wire).substr(0, end) : std::string_view(wire);
    for (std::size_t i = 0; i < message.size(); ++i) {
        const bool dot_goes = message[i] == '.' && lines.compare(i, 2, "\r\n") == 0;
        // A dot and a CR at the end may yet be the end of the message.
        const bool open = i + 1 == message.size() && i > 0 && message.substr(i - 1) == ".\r" &&
                          lines.compare(i - 1, 2, "\r\n") == 0;
        if (!dot_goes && !open) text += message[i];
    }
    Outcome outcome = reference(text, mode, done);
    outcome.done = done;
    if (done) outcome.rest = wire.substr(end + 3);
    return outcome;
}

Outcome reference_chunks(const std::string& text, BareNewlines mode) {
    Outcome outcome = reference(text, mode, true);
    const bool open_line = !outcome.fault && !outcome.content.empty() && !outcome.content.ends_with("\r\n");
    if (open_line) outcome.content += "\r\n";
    outcome.done = true;
    outcome.rest = "QUIT";
    return outcome;
}

// What is kept can be passed on: the one end of data stands at the very end, whoever reads it.
void expect_safe(const std::string& content, const std::string& text) {
    DataEncoder encoder;
    std::string wire;
    ASSERT_TRUE(encoder.encode(content, wire) && encoder.finish(wire)) << testing::PrintToString(text);
    ASSERT_EQ(("\r\n" + wire).find("\r\n.\r\n") + 3, wire.size()) << testing::PrintToString(text);
    for (std::size_t i = 0; i < wire.size(); ++i) {
        ASSERT_EQ(wire[i] == '\n', i > 0 && wire[i - 1] == '\r') << testing::PrintToString(text);
        ASSERT_NE(wire[i], '\0') << testing::PrintToString(text);
    }
}

class FramingTest : public testing::TestWithParam<BareNewlines> {};

TEST_P(FramingTest, DataAgreesWithTheReferenceOnEveryShortString) {
    tests::for_each_string(most_octets, [](const std::string& text) {
        const auto expected = reference_data(text, GetParam());
        for (const std::size_t cut : {whole, std::size_t{1}, std::size_t{3}})
            ASSERT_EQ(decode_data(text, cut, GetParam()), expected)
                << testing::PrintToString(text) << " cut at " << cut;
        if (expected.done && !expected.fault) expect_safe(expected.content, text);
    });
}

TEST_P(FramingTest, ChunksAgreeWithTheReferenceOnEveryShortString) {
    tests::for_each_string(most_octets, [](const std::string& text) {
        const auto expected = reference_chunks(text, GetParam());
        for (const auto& [chunk, cut] : {std::pair{whole, whole}, std::pair{std::size_t{1}, whole},
                                         std::pair{std::size_t{3}, std::size_t{2}}})
            ASSERT_EQ(decode_chunks(text, chunk, cut, GetParam()), expected)
                << testing::PrintToString(text) << " chunks of " << chunk << " cut at " << cut;
        if (!expected.fault) expect_safe(expected.content, text);
    });
}

INSTANTIATE_TEST_SUITE_P(BothModes, FramingTest,
                         testing::Values(BareNewlines::refused, BareNewlines::normalised));

TEST(ContentFraming, CountsPastTheLimitWithoutKeeping) {
    for (const auto mode : {BareNewlines::refused, BareNewlines::normalised}) {
        ContentFraming framing(5, mode);
        std::string content;
        framing.take("a\r\nbc\r\nd", content);
        framing.end(content);
        EXPECT_EQ(content, "a\r\nbc");
        EXPECT_EQ(framing.size(), 8u);
        EXPECT_TRUE(framing.is_over_limit());
    }
    // What is made longer counts as it is passed on.
    ContentFraming framing(3, BareNewlines::normalised);
    std::string content;
    framing.take("\n\n", content);
    EXPECT_EQ(framing.size(), 4u);
    EXPECT_TRUE(framing.is_over_limit());
}

// A hostile message costs a fixed number of looks at each octet: this takes minutes where each CR means
// another look at all that follows.
TEST(ContentFraming, TakesLinearTime) {
    const std::string_view octets[] = {"\r", "\n", "\r\n", "\n\r", "."};
    for (const auto mode : {BareNewlines::refused, BareNewlines::normalised}) {
        for (const auto& unit : octets) {
            std::string text;
            while (text.size() < 1'000'000)
                text += unit;
            ContentFraming framing(10'000'000, mode);
            DataDecoder decoder(10'000'000, mode);
            std::string content;
            std::string_view wire = text;
            framing.take(text, content);
            decoder.decode(wire, content);
            EXPECT_GE(framing.size(), text.size());
        }
    }
}

TEST(ChunkHeader, Table) {
    struct Case {
        std::string_view argument;
        std::optional<std::uint64_t> octets;
        bool last = false;
        bool well_formed = true;
    };
    constexpr auto most = ~std::uint64_t{0};
    for (const auto& [argument, octets, last, well_formed] : {
             Case{"0", 0},
             Case{"86", 86},
             Case{"86 LAST", 86, true},
             Case{"0 last", 0, true},
             Case{"86  LAST", 86, true},
             Case{"000000000000000000000000000086", 86},
             Case{"18446744073709551615", most},
             Case{"18446744073709551616", most},
             Case{"99999999999999999999999999 LAST", most, true},
             Case{"86 FIRST", 86, false, false},
             Case{"86 LAST LAST", 86, false, false},
             Case{"86\tLAST", {}},
             Case{"86LAST", {}},
             Case{"-1", {}},
             Case{"+1", {}},
             Case{"1.5", {}},
             Case{"0x10", {}},
             Case{"LAST", {}},
             Case{"", {}},
         }) {
        SCOPED_TRACE(argument);
        const auto header = parse_chunk_header(argument);
        ASSERT_EQ(header.has_value(), octets.has_value());
        if (!header) continue;
        EXPECT_EQ(header->octets, *octets);
        EXPECT_EQ(header->last, last);
        EXPECT_EQ(header->well_formed, well_formed);
    }
}

TEST(ChunkReader, TakesExactlyItsOctets) {
    ChunkReader chunk(5);
    std::string_view input = "abc";
    EXPECT_EQ(chunk.take(input), "abc");
    EXPECT_FALSE(chunk.is_done());
    input = "deQUIT";
    EXPECT_EQ(chunk.take(input), "de");
    EXPECT_TRUE(chunk.is_done());
    EXPECT_EQ(chunk.take(input), "");
    EXPECT_EQ(input, "QUIT");
}

}  // namespace
}  // namespace gatepost::server::smtp
