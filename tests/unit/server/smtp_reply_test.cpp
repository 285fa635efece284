// Replies as they are written (RFC 5321 §4.2, RFC 2034) and as they are read from a server.
#include "server/smtp/limits.hpp"
#include "server/smtp/reply.hpp"
#include "server/smtp/reply_reader.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {
namespace {

using namespace std::string_view_literals;
using Status = ReplyReader::Status;

TEST(SmtpReply, WireForm) {
    EXPECT_EQ(Reply(250, "2.1.0", "Sender ok").wire(), "250 2.1.0 Sender ok\r\n");
    EXPECT_EQ(Reply(354, "", "Go on").wire(), "354 Go on\r\n");
    EXPECT_EQ(Reply(250, "", std::vector<std::string>{"a", "b"}).wire(), "250-a\r\n250 b\r\n");
    EXPECT_EQ(Reply(550, "5.7.1", std::vector<std::string>{"a", "b"}).wire(),
              "550-5.7.1 a\r\n550 5.7.1 b\r\n");
    EXPECT_EQ(Reply(250, "", "").wire(), "250 \r\n");
    EXPECT_EQ(Reply(250, "", std::vector<std::string>{}).wire(), "250 \r\n");
    // RFC 2034 §4: the class is the first digit of the code.
    EXPECT_EQ(Reply(450, "5.7.1", "x").wire(), "450 x\r\n");
    EXPECT_THROW(Reply(600, "", "x"), std::invalid_argument);
    EXPECT_THROW(Reply(199, "", "x"), std::invalid_argument);
}

// No octet of a peer's can end a line.
TEST(SmtpReply, TextIsPrintableAscii) {
    constexpr auto hostile = "a\r\n250 ok\tb\0c\xff\x7f"sv;
    EXPECT_EQ(Reply(550, "5.7.1", hostile).wire(), "550 5.7.1 a  250 ok b?c??\r\n");
}

// RFC 5321 §4.5.3.1.5, and a bound for the number of lines.
TEST(SmtpReply, LinesAreBounded) {
    for (const std::string& text :
         {std::string(100000, 'x'), std::string(300, 'a') + ' ' + std::string(300, 'b')}) {
        const auto reply = Reply(550, "5.123.123", text);
        EXPECT_LE(reply.lines().size(), max_reply_lines);
        EXPECT_GE(reply.lines().size(), 2u);
        const auto all = reply.wire();
        for (std::size_t at = 0; at < all.size();) {
            const auto end = all.find("\r\n", at) + 2;
            EXPECT_LE(end - at, max_reply_line_octets);
            at = end;
        }
        ReplyReader reader;
        std::string_view wire = all;
        ASSERT_EQ(reader.read(wire), Status::reply);
        EXPECT_EQ(reader.reply(), reply);
    }
    EXPECT_EQ(Reply(550, "", std::string(300, 'a') + ' ' + std::string(300, 'b')).lines().front(),
              std::string(300, 'a'));
}

TEST(SmtpReply, EnhancedCodes) {
    EXPECT_EQ(EnhancedCode::parse("5.7.26")->text(), "5.7.26");
    for (const char* text :
         {"", "5", "5.7", "5.7.", "3.1.1", "5.1000.1", "5.1.1.1", "x.1.1", "5.7.1 ", "50.1.1"})
        EXPECT_FALSE(EnhancedCode::parse(text)) << text;
}

struct ReadCase {
    std::string_view wire;
    Status status;
    int code = 0;
    std::string_view enhanced = "";
    std::string_view text = "";
};

TEST(SmtpReplyReader, Table) {
    const std::string long_line = "250 " + std::string(max_read_reply_line_octets, 'x') + "\r\n";
    std::string endless;
    for (std::size_t i = 0; i <= max_reply_lines; ++i)
        endless += "250-x\r\n";
    const ReadCase cases[] = {
        {"250 2.1.0 ok\r\n", Status::reply, 250, "2.1.0", "ok"},
        {"250 ok\r\n", Status::reply, 250, "", "ok"},
        {"250\r\n", Status::reply, 250, "", ""},  // §4.2.1
        {"250 2.0.0\r\n", Status::reply, 250, "2.0.0", ""},
        {"250-a\r\n250-b\r\n250 c\r\n", Status::reply, 250, "", "a b c"},
        {"550-5.7.1 a\r\n550 5.7.1 b\r\n", Status::reply, 550, "5.7.1", "a b"},
        {"550-5.7.1 a\r\n550 b\r\n", Status::reply, 550, "5.7.1", "a b"},
        {"550 4.7.1 a\r\n", Status::reply, 550, "", "4.7.1 a"},  // of another class: text
        {"250 a\xff\x01\r\n", Status::reply, 250, "", "a??"},
        {"250-a\r\n", Status::need_more},
        {"250 a\r", Status::need_more},
        {"", Status::need_more},
        {"250-a\r\n251 b\r\n", Status::malformed},
        {"250 a\n", Status::malformed},
        {"250 a\rb\r\n", Status::malformed},
        {"25\r\n", Status::malformed},
        {"\r\n", Status::malformed},
        {"150 a\r\n", Status::malformed},
        {"650 a\r\n", Status::malformed},
        {"260 a\r\n", Status::malformed},
        {"250_a\r\n", Status::malformed},
        {"SSH-2.0\r\n", Status::malformed},
        {long_line, Status::malformed},
        {endless, Status::malformed},
    };
    for (const auto& [wire, status, code, enhanced, text] : cases) {
        for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::string::npos}) {
            SCOPED_TRACE(std::string(wire.substr(0, 40)));
            ReplyReader reader;
            auto got = Status::need_more;
            for (std::size_t at = 0; at < wire.size() && got == Status::need_more;
                 at += std::min(chunk, wire.size())) {
                auto part = wire.substr(at, chunk);
                got = reader.read(part);
            }
            ASSERT_EQ(got, status);
            if (status != Status::reply) continue;
            EXPECT_EQ(reader.reply().code(), code);
            const auto& found = reader.reply().enhanced_code();
            EXPECT_EQ(found ? found->text() : "", enhanced);
            EXPECT_EQ(reader.reply().text(), text);
            EXPECT_FALSE(reader.is_inside_reply());
        }
    }
}

TEST(SmtpReplyReader, LeavesWhatFollows) {
    ReplyReader reader;
    std::string_view input = "250 a\r\n550 b\r\n25";
    ASSERT_EQ(reader.read(input), Status::reply);
    EXPECT_EQ(reader.reply().code(), 250);
    ASSERT_EQ(reader.read(input), Status::reply);
    EXPECT_EQ(reader.reply().code(), 550);
    EXPECT_EQ(reader.read(input), Status::need_more);
    EXPECT_TRUE(reader.is_inside_reply());
}

// A flag and not the text: anybody can write an id into a name that a reply quotes.
TEST(SmtpReply, KnowsWhetherItIsSigned) {
    const Reply reply(550, "5.7.1", "Relay not permitted for x (mx.example 4c1f-1)");
    EXPECT_FALSE(reply.is_signed());
    const Reply with_id = reply.signed_by("mx.example", "4c1f-1");
    EXPECT_TRUE(with_id.is_signed());
    EXPECT_EQ(with_id.text(), reply.text() + " (mx.example 4c1f-1)");
    EXPECT_EQ(with_id, Reply(550, "5.7.1", with_id.text()));
}

}  // namespace
}  // namespace gatepost::server::smtp
