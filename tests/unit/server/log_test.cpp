#include "server/log.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace gatepost::server {
namespace {

using namespace std::chrono_literals;

constexpr auto moment = std::chrono::sys_days(std::chrono::year(2026) / 11 / 4) + 3h + 2min + 1s + 7ms;

TEST(LogEntry, is_one_line) {
    LogEntry entry("verdict", LogLevel::warning);
    entry.with("tx", "4c1f-1").with("dmarc", "pass").with("size", 1234).with_some("rule", "");
    EXPECT_EQ(format_text(entry), "verdict tx=4c1f-1 dmarc=pass size=1234");
    EXPECT_EQ(format_json(entry, moment),
              R"({"time":"2026-11-04T03:02:01.007Z","level":"warning","event":"verdict",)"
              R"("tx":"4c1f-1","dmarc":"pass","size":1234})");
}

TEST(LogEntry, keeps_numbers_and_repeated_keys_in_json) {
    LogEntry entry("verdict");
    entry.with("to", "a@x.example").with("to", "b@x.example").with("to", "c@x.example");
    entry.with("least", std::int64_t{-1}).with("most", std::uint64_t{18'446'744'073'709'551'615U});
    entry.with("code", "250").with("port", 25).with("port", 465);
    EXPECT_EQ(format_text(entry),
              "verdict to=a@x.example to=b@x.example to=c@x.example least=-1 most=18446744073709551615 "
              "code=250 port=25 port=465");
    EXPECT_EQ(format_json(entry, moment),
              R"({"time":"2026-11-04T03:02:01.007Z","level":"info","event":"verdict",)"
              R"("to":["a@x.example","b@x.example","c@x.example"],"least":-1,)"
              R"("most":18446744073709551615,"code":"250","port":[25,465]})");
}

TEST(LogEntry, lets_no_peer_forge_a_line) {
    struct Case {
        std::string given, in_text, in_json;
    };
    const std::string long_value(256, 'x');
    const Case table[] = {
        {"mail.example", "mail.example", R"("mail.example")"},
        {"", R"("")", R"("")"},
        {"two words", R"("two words")", R"("two words")"},
        {"a=b", R"("a=b")", R"("a=b")"},
        {"a\r\nverdict tx=1", R"("a\x0d\x0averdict tx=1")", R"("a\\x0d\\x0averdict tx=1")"},
        {R"(x" dmarc="pass)", R"("x\" dmarc=\"pass")", R"("x\" dmarc=\"pass")"},
        {R"(back\slash)", R"("back\\slash")", R"("back\\slash")"},
        {"\x1b[31m", R"("\x1b[31m")", R"("\\x1b[31m")"},
        {std::string("a\0b", 3), R"("a\x00b")", R"("a\\x00b")"},
        {"b\xc3\xbc\xff", R"("b\xc3\xbc\xff")", R"("b\\xc3\\xbc\\xff")"},
        {long_value, long_value, '"' + long_value + '"'},
        {std::string(100'000, 'x'), '"' + long_value + "...\"", '"' + long_value + "...\""},
    };
    for (const auto& row : table) {
        LogEntry entry("mail");
        entry.with("helo", row.given);
        EXPECT_EQ(format_text(entry), "mail helo=" + row.in_text);
        EXPECT_EQ(format_json(entry, moment),
                  R"({"time":"2026-11-04T03:02:01.007Z","level":"info","event":"mail","helo":)" +
                      row.in_json + "}");
    }
}

}  // namespace
}  // namespace gatepost::server
