#include "auth/mail_address.hpp"

#include "auth/utf8.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace gatepost::auth {
namespace {

// Mailboxes as text, "-" for one without a domain; nullopt: not in the grammar.
std::optional<std::vector<std::string>> mailboxes(std::string_view value) {
    const auto list = parse_address_list(value);
    if (!list) return std::nullopt;
    std::vector<std::string> texts;
    for (const Mailbox& mailbox : list->mailboxes)
        texts.push_back(mailbox.domain.empty() ? "-" : mailbox.text());
    return texts;
}

struct ListCase {
    std::string value;
    std::optional<std::vector<std::string>> expected;
    const char* section;
};

class AddressLists : public testing::TestWithParam<ListCase> {};

TEST_P(AddressLists, read_as_the_grammar_says) {
    EXPECT_EQ(mailboxes(GetParam().value), GetParam().expected)
        << GetParam().value << " " << GetParam().section;
}

using List = std::vector<std::string>;

INSTANTIATE_TEST_SUITE_P(
    Table, AddressLists,
    testing::Values(
        ListCase{"a@b.example", List{"a@b.example"}, "RFC 5322 §3.4.1"},
        ListCase{"A B <a@b.example>", List{"a@b.example"}, "RFC 5322 §3.4"},
        ListCase{"\"x@y.example\" <a@b.example>", List{"a@b.example"}, "RFC 5322 §3.2.4"},
        ListCase{"(x@y.example) a@b.example (z)", List{"a@b.example"}, "RFC 5322 §3.2.2"},
        ListCase{"a (c(d)\\) e) @ b (f) . example", List{"a@b.example"}, "RFC 5322 §4.4"},
        ListCase{"x.\"y z\".w@b.example", List{"\"x.y z.w\"@b.example"}, "RFC 5322 §4.4"},
        ListCase{"\"a\\\"\\\\b\"@c.example", List{"\"a\\\"\\\\b\"@c.example"}, "RFC 5322 §3.2.1"},
        ListCase{"\"plain\"@c.example", List{"plain@c.example"}, "RFC 5322 §3.4.1"},
        ListCase{"<@r.example,,@s.example:a@b.example>", List{"a@b.example"}, "RFC 5322 §4.4"},
        ListCase{"<,:a@b.example>", std::nullopt, "RFC 5322 §4.4: a route has a domain"},
        ListCase{"<@r.example a@b.example>", std::nullopt, "RFC 5322 §4.4"},
        ListCase{", a@b.example, , c@d.example,", List({"a@b.example", "c@d.example"}), "RFC 5322 §4.4"},
        ListCase{"G: a@b.example, c@d.example;, e@f.example",
                 List({"a@b.example", "c@d.example", "e@f.example"}), "RFC 6854 §2"},
        ListCase{"G:;", List{}, "RFC 5322 §3.4"},
        ListCase{"G: H: a@b.example;;", std::nullopt, "RFC 5322 §3.4: groups do not nest"},
        ListCase{"G: a@b.example", std::nullopt, "RFC 5322 §3.4"},
        ListCase{": a@b.example;", std::nullopt, "RFC 5322 §3.4"},
        ListCase{"a@[192.0.2.1]", List{"a@[192.0.2.1]"}, "RFC 5322 §3.4.1"},
        ListCase{"a@[192.0.2.1", std::nullopt, "RFC 5322 §3.4.1"},
        ListCase{"Gr\xc3\xbc\xc3\x9f <\xc3\xa4@b\xc3\xbc.example>", List{"\xc3\xa4@b\xc3\xbc.example"},
                 "RFC 6532 §3.2"},
        ListCase{"Gr\xfc\xdf <a@b.example>", List{"a@b.example"}, "8-bit in a phrase decides nothing"},
        ListCase{"\xfc@b.example", std::nullopt, "RFC 6532 §3.1: UTF-8 alone"},
        ListCase{"a@b\xfc.example", std::nullopt, "RFC 6532 §3.1"},
        ListCase{"root (Cron Daemon)", List{"-"}, "no domain"},
        ListCase{"Cron <root>", List{"-"}, "no domain"}, ListCase{"<>", List{"-"}, "no domain"},
        ListCase{"\"a@b.example\"", List{"-"}, "RFC 5322 §3.2.4: a quoted string is no address"},
        ListCase{"=?utf-8?Q?a=40b=2Eexample?=", List{"-"}, "RFC 2047 §6.2: decoded after parsing"},
        ListCase{"=?utf-8?q?a=40b=2Eexample=3B?=.x@c.example", std::nullopt, "RFC 2047 §5"},
        ListCase{"\"=?utf-8?q?a=40b=2Eexample?=\"@c.example", std::nullopt, "RFC 2047 §5"},
        ListCase{"\"=\\?utf-8?q?a=40b=2Eexample?=\"@c.example", std::nullopt, "RFC 2047 §5"},
        ListCase{"X <=?utf-8?q?a?=@c.example>", std::nullopt, "RFC 2047 §5"},
        ListCase{"=?utf-8?q?a=40b=2Eexample?= <x@c.example>", List{"x@c.example"}, "RFC 2047 §5 (3)"},
        ListCase{"a=?b@d.example", List{"a=?b@d.example"}, "RFC 5322 §3.2.3"},
        ListCase{"", List{}, "nothing at all"}, ListCase{"a@b@c.example", std::nullopt, "RFC 5322 §3.4.1"},
        ListCase{"a@b.example x", std::nullopt, "RFC 5322 §3.4"},
        ListCase{"x@y.example <a@b.example>", std::nullopt, "RFC 5322 §3.2.5"},
        ListCase{"<a@b.example> <c@d.example>", std::nullopt, "RFC 5322 §3.4"},
        ListCase{"a@b..example", std::nullopt, "RFC 5322 §3.2.3"},
        ListCase{"a@b.example.", std::nullopt, "RFC 5322 §3.2.3"},
        ListCase{"a..b@c.example", List{"a..b@c.example"}, "beyond RFC 5322 §3.2.3"},
        ListCase{"A <.a.b..@c.example>", List{".a.b..@c.example"}, "beyond RFC 5322 §3.2.3"},
        ListCase{"a. .\"b c\".@c.example", List{"\"a..b c.\"@c.example"}, "beyond RFC 5322 §4.4"},
        ListCase{"...@c.example", std::nullopt, "no word at all"},
        ListCase{"a.b c@c.example", std::nullopt, "RFC 5322 §4.4: words have a dot between them"},
        ListCase{"a..\"b\"\"c\"@d.example", std::nullopt, "RFC 5322 §4.4"},
        ListCase{"a@\"b\".example", std::nullopt, "RFC 5322 §3.4.1"},
        ListCase{"<mailto:a@b.example>", std::nullopt, "RFC 5322 §3.4"},
        ListCase{"\"open <a@b.example>", std::nullopt, "RFC 5322 §3.2.4"},
        ListCase{"(open <a@b.example>", std::nullopt, "RFC 5322 §3.2.2"},
        ListCase{"a@b.example\\", std::nullopt, "RFC 5322 §3.2.1"},
        ListCase{"a\r@b.example", std::nullopt, "a bare CR"},
        ListCase{"\"a\\\n\"@b.example", std::nullopt, "a bare LF, quoted"},
        ListCase{std::string("\"a\0\" <a@b.example>", 19), std::nullopt, "a NUL"},
        ListCase{"\x01 <a@b.example>", std::nullopt, "RFC 5322 §3.2.3: no CTL in atoms"},
        ListCase{"\"\x01\" <a@b.example>", List{"a@b.example"}, "RFC 5322 §4.1: obs-qtext"}));

TEST(AddressList, bounds_the_nesting_of_comments) {
    const std::string within =
        std::string(max_comment_depth, '(') + std::string(max_comment_depth, ')') + "a@b.example";
    EXPECT_EQ(mailboxes(within), List{"a@b.example"});
    EXPECT_EQ(mailboxes("(" + within.substr(0, 2 * max_comment_depth) + ")a@b.example"), std::nullopt);
    EXPECT_EQ(mailboxes(std::string(1'000'000, '(')), std::nullopt);
}

// Time that grows with the square of the length would take minutes here.
TEST(AddressList, takes_time_in_step_with_the_length) {
    for (const std::string part :
         {"a@b.example,", "\"a\" ", "(a)", "a.", "<", "@", "\\", "[", "G:", "<@a,"}) {
        std::string value;
        while (value.size() < 1'000'000)
            value += part;
        const auto start = std::chrono::steady_clock::now();
        mailboxes(value);
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << part;
    }
}

TEST(Utf8, is_well_formed_only_by_rfc_3629) {
    struct Case {
        std::string text;
        bool valid;
    };
    const std::vector<Case> table{{"", true},
                                  {"a", true},
                                  {"\xc3\xbc", true},
                                  {"\xe2\x82\xac", true},
                                  {"\xf0\x9f\x98\x80", true},
                                  {"\xf4\x8f\xbf\xbf", true},
                                  {"\xc0\xae", false},          // an overlong dot
                                  {"\xe0\x80\xae", false},      // another
                                  {"\xed\xa0\x80", false},      // a surrogate
                                  {"\xf4\x90\x80\x80", false},  // above U+10FFFF
                                  {"\xc3", false},
                                  {"\xe2\x82", false},
                                  {"\xbc", false},
                                  {"\xff", false}};
    for (const Case& entry : table)
        EXPECT_EQ(is_utf8(entry.text), entry.valid) << testing::PrintToString(entry.text);
}

}  // namespace
}  // namespace gatepost::auth
