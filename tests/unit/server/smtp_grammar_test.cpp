// Lines, verbs, paths and parameters: the grammar of commands (RFC 5321 §4.1).
#include "server/smtp/command.hpp"
#include "server/smtp/command_table.hpp"
#include "server/smtp/esmtp_parameters.hpp"
#include "server/smtp/limits.hpp"
#include "server/smtp/line_reader.hpp"
#include "server/smtp/path.hpp"
#include "server/smtp/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::smtp {
namespace {

using namespace std::string_view_literals;
using Status = LineReader::Status;

// What the reader makes of `input`, one word a line: the line itself, or what is wrong with it.
std::vector<std::string> read_lines(std::string_view input, std::size_t chunk) {
    LineReader reader;
    std::vector<std::string> got;
    for (; !input.empty(); input.remove_prefix(std::min(chunk, input.size()))) {
        auto part = input.substr(0, chunk);
        while (!part.empty()) {
            switch (reader.read(part)) {
                case Status::need_more:
                    EXPECT_TRUE(part.empty());
                    break;
                case Status::line:
                    got.emplace_back(reader.line());
                    break;
                case Status::too_long:
                    got.emplace_back("(too long)");
                    break;
                case Status::bad:
                    got.emplace_back(reader.fault() == LineFault::bare_cr   ? "(bare CR)"
                                     : reader.fault() == LineFault::bare_lf ? "(bare LF)"
                                                                            : "(NUL)");
                    break;
            }
        }
    }
    if (reader.is_inside_line()) got.emplace_back("(open)");
    return got;
}

TEST(SmtpLineReader, Table) {
    const std::string longest(max_command_line_octets - 2, 'x');
    const std::pair<std::string, std::vector<std::string>> cases[] = {
        {"NOOP\r\n", {"NOOP"}},
        {"\r\n\r\n", {"", ""}},
        {"a\r\nb\r\nc", {"a", "b", "(open)"}},
        {"NOOP\n", {"(bare LF)"}},  // at once: its sender may wait for the reply
        {"a\nb\r\nc\r\n", {"(bare LF)", "b", "c"}},
        {"a\rb\r\nc\r\n", {"(bare CR)", "c"}},
        {"a\r\r\nc\r\n", {"(bare CR)", "c"}},
        {"\n\r\nc\r\n", {"(bare LF)", "", "c"}},
        {"a\rb\nc\r\n", {"(bare LF)", "c"}},  // it outweighs what was wrong before
        {std::string("a\0b\nc\r\n"sv), {"(bare LF)", "c"}},
        {"a\r\n\nb\r\n", {"a", "(bare LF)", "b"}},
        {std::string("a\0b\r\nc\r\n"sv), {"(NUL)", "c"}},
        {std::string("a\r\0\r\nc\r\n"sv), {"(NUL)", "c"}},
        {std::string("a\r\0\n\r\nc\r\n"sv), {"(bare LF)", "", "c"}},
        {longest + "\r\nc\r\n", {longest, "c"}},
        {longest + "x\r\nc\r\n", {"(too long)", "c"}},
        {std::string(100000, 'x') + "\n\r\nc\r\n", {"(bare LF)", "", "c"}},
    };
    for (const auto& [input, lines] : cases)
        for (const std::size_t chunk : {std::size_t{1}, std::size_t{3}, std::size_t{1000}, std::string::npos})
            EXPECT_EQ(read_lines(input, chunk), lines) << input.substr(0, 40) << " in chunks of " << chunk;
}

// What a line too long began with does not depend on how it came: its verb tells what kind of client that is.
TEST(SmtpLineReader, TellsHowALineTooLongBegan) {
    const std::string line = "GET /" + std::string(3 * max_command_line_octets, 'x') + "QUIT\r\n";
    for (const std::size_t chunk :
         {std::size_t{1}, std::size_t{2}, std::size_t{1500}, max_command_line_octets,
          max_command_line_octets + 1, line.size() - 6, line.size()}) {
        LineReader reader;
        Status status = Status::need_more;
        for (std::string_view rest = line; status == Status::need_more && !rest.empty();) {
            std::string_view part = rest.substr(0, chunk);
            rest.remove_prefix(part.size());
            status = reader.read(part);
        }
        EXPECT_EQ(status, Status::too_long);
        EXPECT_EQ(reader.line(), line.substr(0, max_command_line_octets)) << "in chunks of " << chunk;
    }
}

TEST(SmtpLineReader, LeavesWhatFollows) {
    LineReader reader;
    std::string_view input = "DATA\r\nbody";
    EXPECT_EQ(reader.read(input), Status::line);
    EXPECT_EQ(input, "body");
    EXPECT_EQ(reader.read(input), Status::need_more);
    reader.reset();
    input = "NOOP\r\n";
    EXPECT_EQ(reader.read(input), Status::line);
    EXPECT_EQ(reader.line(), "NOOP");
}

TEST(SmtpCommand, Table) {
    struct Case {
        std::string_view line;
        Verb verb;
        std::string_view argument;
    };
    for (const auto& [line, verb, argument] : {
             Case{"EHLO a.example", Verb::ehlo, "a.example"},
             Case{"hElO a.example ", Verb::helo, "a.example"},
             Case{"MAIL FROM:<a@b>  SIZE=1  ", Verb::mail, "FROM:<a@b>  SIZE=1"},
             Case{"DATA \t", Verb::data, ""},
             Case{"QUIT\t", Verb::quit, ""},
             Case{"DATAX", Verb::unknown, ""},
             Case{"", Verb::unknown, ""},
             Case{"   ", Verb::unknown, ""},
             Case{" DATA", Verb::unknown, "DATA"},
             Case{"MAIL\tFROM:<a@b>", Verb::unknown, ""},
             Case{"bdat 4 LAST", Verb::bdat, "4 LAST"},
             Case{"auth PLAIN", Verb::unimplemented, "PLAIN"},
             Case{"post / HTTP/1.1", Verb::http, "/ HTTP/1.1"},
             Case{"Host: x", Verb::http, "x"},
         }) {
        const auto command = parse_command(line);
        EXPECT_EQ(command.verb, verb) << line;
        EXPECT_EQ(command.argument, argument) << line;
    }
}

// RFC 2920 §3.1: EHLO, DATA, VRFY, EXPN, QUIT and NOOP end a group; RFC 3207 §4: STARTTLS does. RSET, MAIL,
// RCPT do not, nor does BDAT (RFC 3030 §4.2).
TEST(SmtpCommandTable, GroupsEndWhereTheRfcSays) {
    for (const auto& rule : command_table()) {
        const bool inside = rule.verb == Verb::rset || rule.verb == Verb::mail || rule.verb == Verb::rcpt ||
                            rule.verb == Verb::bdat;
        EXPECT_EQ(rule.ends_group, !inside) << rule.keyword;
        EXPECT_EQ(find_rule(rule.verb), &rule);
        EXPECT_EQ(parse_command(rule.keyword).verb, rule.verb);
    }
    EXPECT_EQ(find_rule(Verb::unknown), nullptr);
}

struct PathCase {
    std::string_view text;
    std::string_view mailbox;  // "!": refused
    std::string_view domain = "";
    std::string_view rest = "";
    PathFault fault = PathFault::syntax;
};

void check_path(const PathCase& expected, const PathResult& got) {
    SCOPED_TRACE(expected.text);
    if (expected.mailbox == "!") {
        EXPECT_FALSE(got.path);
        EXPECT_EQ(got.fault, expected.fault);
        return;
    }
    ASSERT_TRUE(got.path);
    EXPECT_EQ(got.path->mailbox(), expected.mailbox);
    EXPECT_EQ(got.path->domain() ? got.path->domain()->text() : "", expected.domain);
    EXPECT_EQ(got.rest, expected.rest);
}

// RFC 5321 §4.1.2, §4.1.3; RFC 6531 §3.3.
TEST(SmtpPath, ReversePaths) {
    const std::string long_local(max_local_part_octets, 'a');
    const std::string too_long = "<" + long_local + "a@b.example>";
    const std::string as_long = "<" + long_local + "@b.example>";
    const std::string as_long_mailbox = long_local + "@b.example";
    const std::string long_domain = "<a@" + std::string(256, 'b') + ">";
    const PathCase cases[] = {
        {"<>", ""},
        {"<> SIZE=1", "", "", " SIZE=1"},
        {"<a@B.Example> BODY=7BIT", "a@B.Example", "b.example", " BODY=7BIT"},
        {"<a.b+c=d@b>", "a.b+c=d@b", "b"},
        {"<a@my_host.example>", "a@my_host.example", "my_host.example"},
        {"<a..b@b.example>", "a..b@b.example", "b.example"},
        {"<.a@b.example>", ".a@b.example", "b.example"},
        {"<a.@b.example>", "a.@b.example", "b.example"},
        {"<\"a b\\\"c@d\"@b.example>", "\"a b\\\"c@d\"@b.example", "b.example"},
        {"<\"a>b\"@b.example>", "\"a>b\"@b.example", "b.example"},
        {"<\"\"@b.example>", "\"\"@b.example", "b.example"},
        {"<@x.example,@y.example:a@b.example>", "a@b.example", "b.example"},
        {"<a@[192.0.2.1]>", "a@[192.0.2.1]"},
        {"<a@[IPv6:2001:db8::1]>x", "a@[IPv6:2001:db8::1]", "", "x"},
        {"<j\xc3\xbcrgen@b\xc3\xbc"
         "cher.example>",
         "j\xc3\xbcrgen@b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"<a\u200b\uff45@XN--BCHER-KVA.example>", "a\u200b\uff45@XN--BCHER-KVA.example",
         "xn--bcher-kva.example"},
        {as_long, as_long_mailbox, "b.example"},
        {too_long, "!", "", "", PathFault::too_long},
        {long_domain, "!", "", "", PathFault::too_long},
        {"", "!"},
        {"a@b", "!"},
        {"<a@b", "!"},
        {"<a@b.example >", "!"},
        {"< a@b.example>", "!"},
        {"<a b@b.example>", "!"},
        {"<a>", "!"},
        {"<postmaster>", "!"},
        {"<@b.example>", "!"},
        {"<a@>", "!"},
        {"<a@b@c>", "!"},
        {"<.>", "!"},
        {"<..@b.example>", "!"},
        {"<\"a@b.example>", "!"},
        {"<\"a\"b@b.example>", "!"},
        {"<\"a\\", "!"},
        {"<\"a\x01\"@b.example>", "!"},
        {"<\"a\\\x01\"@b.example>", "!"},
        {"<a\x7f@b.example>", "!"},
        {"<@x.example a@b.example>", "!"},
        {"<@:a@b.example>", "!"},
        {"<@x.example,:a@b.example>", "!"},
        {"<a@b..example>", "!", "", "", PathFault::bad_domain},
        {"<a@b.example.>", "!", "", "", PathFault::bad_domain},
        {"<a@-b.example>", "!", "", "", PathFault::bad_domain},
        {"<a@[192.0.2.256]>", "!", "", "", PathFault::bad_domain},
        {"<a@[2001:db8::1]>", "!", "", "", PathFault::bad_domain},
        {"<a@[IPv6:192.0.2.1]>", "!", "", "", PathFault::bad_domain},
        {"<a@[tag:x]>", "!", "", "", PathFault::bad_domain},
        {"<a@[192.0.2.1>", "!"},
        {"<a@b\uff45.example>", "!", "", "", PathFault::no_u_label},
        {"<a@b\u200b.example>", "!", "", "", PathFault::no_u_label},
        {"<a@B\u00dc.example>", "!", "", "", PathFault::no_u_label},
        {"<a@b\u3002example>", "!", "", "", PathFault::no_u_label},
        {"<a@xn--zzzzzz99.example>", "!", "", "", PathFault::no_u_label},
        {"<a@b\u00fc.example.>", "!", "", "", PathFault::bad_domain},
        {"<\xff@b.example>", "!", "", "", PathFault::not_utf8},
        {"<a@b\xff.example>", "!", "", "", PathFault::not_utf8},
    };
    for (const auto& expected : cases)
        check_path(expected, parse_reverse_path(expected.text));
}

TEST(SmtpPath, ForwardPaths) {
    const PathCase cases[] = {
        {"<PostMaster>", "PostMaster"},  // RFC 5321 §4.1.1.3
        {"<postmaster@b.example>", "postmaster@b.example", "b.example"},
        {"<postmaste>", "!"},
        {"<>", "!"},
    };
    for (const auto& expected : cases)
        check_path(expected, parse_forward_path(expected.text));
    const auto postmaster = parse_forward_path("<PostMaster>").path->at(*dns::DomainName::parse("b.example"));
    EXPECT_EQ(postmaster.mailbox(), "PostMaster@b.example");
    EXPECT_EQ(postmaster.local_part(), "PostMaster");
    EXPECT_FALSE(postmaster.is_postmaster_alone());
    EXPECT_EQ(postmaster.domain()->text(), "b.example");
}

// PRODUCT.md, `allow`: bare_path and unqualified.
TEST(SmtpPath, PathsOfOld) {
    const std::string too_long(max_local_part_octets + 1, 'a');
    const PathCase cases[] = {
        {"root@db1.example.com", "root@db1.example.com", "db1.example.com"},
        {"root@db1.example.com SIZE=1", "root@db1.example.com", "db1.example.com", " SIZE=1"},
        {"root@[192.0.2.1]", "root@[192.0.2.1]"},
        {"\"a b\"@b.example ", "\"a b\"@b.example", "b.example", " "},
        {"root", "root"},
        {"root SIZE=1", "root", "", " SIZE=1"},
        {"<root>", "root"},
        {"<root> SIZE=1", "root", "", " SIZE=1"},
        {"<\"root\">", "\"root\""},
        {"<a@b.example>", "a@b.example", "b.example"},
        {"", "!"},
        {" root", "!"},
        {"<>", "!"},
        {"<", "!"},
        {"<root", "!"},
        {"root>", "!"},
        {"root@db1>", "!"},
        {"<root@db1", "!"},
        {"<root >", "!"},
        {"root\tSIZE=1", "!"},
        {"root@", "!"},
        {"<root@>", "!"},
        {"@a.example:root@b.example", "!"},
        {"<@a.example:root>", "!"},
        {"root@-b.example", "!", "", "", PathFault::bad_domain},
        {"r\xff", "!", "", "", PathFault::not_utf8},
        {too_long, "!", "", "", PathFault::too_long},
    };
    for (const auto& expected : cases) {
        const PathResult got = parse_path_of_old(expected.text);
        check_path(expected, got);
        EXPECT_EQ(got.bare, !expected.text.starts_with('<')) << expected.text;
        const bool unqualified =
            expected.mailbox != "!" && expected.mailbox.find('@') == std::string_view::npos;
        EXPECT_EQ(got.path && got.path->is_unqualified(), unqualified) << expected.text;
    }
    EXPECT_FALSE(parse_path_of_old("root").path->is_postmaster_alone());
    EXPECT_TRUE(parse_path_of_old("PostMaster").path->is_postmaster_alone());
    EXPECT_FALSE(parse_path_of_old("postmaster@b.example").path->is_postmaster_alone());
}

TEST(SmtpPath, Parts) {
    const auto quoted = *parse_reverse_path("<\"a \\\"\\\\b\"@b.example>").path;
    EXPECT_EQ(quoted.local_part(), "\"a \\\"\\\\b\"");
    EXPECT_EQ(quoted.unquoted_local_part(), "a \"\\b");
    EXPECT_FALSE(quoted.is_internationalized());
    EXPECT_TRUE(parse_reverse_path("<j\xc3\xbc@b.example>").path->is_internationalized());
    EXPECT_TRUE(parse_reverse_path("<\"j \xc3\xbc\"@b.example>").path->is_internationalized());
    EXPECT_TRUE(parse_reverse_path("<>").path->is_null());
    EXPECT_EQ(parse_reverse_path("<a@[IPv6:2001:DB8::1]>").path->address_literal()->text(), "2001:db8::1");
}

TEST(SmtpUtf8, Table) {
    const std::pair<std::string_view, bool> cases[] = {
        {"", true},
        {"a", true},
        {"\xc3\xbc", true},
        {"\xe2\x80\xa8", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xc3", false},
        {"\xbc", false},
        {"\xc0\xaf", false},
        {"\xe0\x80\xaf", false},
        {"\xed\xa0\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xc3\xbcx\xc3", false},
        {"\x80\x80\x80", false},
        {"\xc1\x80\x80", false},
        {"\xe2\x80x", false},
    };
    for (const auto& [text, valid] : cases)
        EXPECT_EQ(is_utf8(text), valid) << testing::PrintToString(std::string(text));
}

// RFC 5321 §4.1.2: esmtp-param.
TEST(SmtpParameters, Grammar) {
    const auto parameters = parse_esmtp_parameters(" SIZE=1  X-A ret=a+b ");
    ASSERT_TRUE(parameters);
    ASSERT_EQ(parameters->size(), 3u);
    EXPECT_EQ((*parameters)[0].keyword, "SIZE");
    EXPECT_EQ((*parameters)[0].value, "1");
    EXPECT_EQ((*parameters)[1].keyword, "X-A");
    EXPECT_FALSE((*parameters)[1].value);
    EXPECT_EQ((*parameters)[2].value, "a+b");
    for (const auto text :
         {"SIZE=1"sv, " -A"sv, " A=b=c"sv, " A="sv, " =b"sv, "\tA"sv, " A\tB"sv, " A_B"sv, " A=\x7f"sv})
        EXPECT_FALSE(parse_esmtp_parameters(text)) << text;
    EXPECT_TRUE(parse_esmtp_parameters("")->empty());
}

}  // namespace
}  // namespace gatepost::server::smtp
