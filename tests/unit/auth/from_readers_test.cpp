// Display names by the thousand: where any reader of a From field finds an address of another domain, the
// field has no author domain (RFC 9989 §11.5); and forms that harmless mail has are taken.
#include "tests/support/from_readers.hpp"

#include "auth/mail_address.hpp"
#include "auth/message/author_domain.hpp"

#include "dns/idna.hpp"

#include <gtest/gtest.h>

#include <random>

namespace gatepost::auth {
namespace {

using Words = std::vector<std::string>;

std::string author_domain(const std::string& value) {
    const Author author = extract_author(*HeaderBlock::parse("From: " + value + "\r\n\r\n"));
    return author.domain ? author.domain->text() : "";
}

std::string a_labels(const std::string& domain) {
    const auto name = dns::to_ascii(domain);
    return name ? name->text() : domain;
}

const Words& harmless_forms() {
    static const Words forms{
        "a@shop.example",
        "<a@shop.example>",
        "Shop <a@shop.example>",
        "a@shop.example <a@shop.example>",
        "noreply@shop.example <support@Shop.Example>",
        "Shop noreply@shop.example <a@shop.example>",
        "a@shop.example, b@shop.example; <c@shop.example>",
        "Shop [Sales] <a@shop.example>",
        "[Shop] <a@shop.example>",
        "Shop, Inc. <a@shop.example>",
        "Doe, Jane <jane@shop.example>",
        "Doe, Jane (Sales, North) <jane@shop.example>",
        "\"Doe\", Jane <jane@shop.example>",
        "Shop: News <a@shop.example>",
        "Shop: News; Offers <a@shop.example>",
        "Re: [Shop] order 4711: shipped, paid. <a@shop.example>",
        "Team @ Shop <a@shop.example>",
        "Team@Shop <a@shop.example>",
        "Team @ <a@shop.example>",
        "Team @ Sch\xc3\xb6n & Gut <a@shop.example>",
        "Shop\r\n\t, Inc.\r\n <a@shop.example>",
        "Shop, Inc. <a..b.@shop.example>",
        "Sch\xf6n, Inc. <a@shop.example>",
        ". <a@shop.example>",
        "Shop, Inc. < a@shop.example >",
        "\"a@bank.example\" <a@shop.example>",
        "(a@bank.example) a@shop.example",
        "a..b@shop.example",
        "Shop <a.@shop.example>",
        "=?utf-8?Q?Caf=C3=A9?= <a@shop.example>",
        "DOMAIN\\user <a@shop.example>",
        "Shop :) <a@shop.example>",
        "[JIRA] =?utf-8?q?J=C3=BCrgen?= <a@shop.example>",
        "=?utf-8?Q?Caf=C3=A9?=, Inc. <a@shop.example>",
        "=?utf-8?Q?a=40bank=2Eexample?= <a@shop.example>",
        "\"=?utf-8?q?a=40bank=2Eexample?=\" <a@shop.example>",
    };
    return forms;
}

TEST(FromField, is_taken_where_it_is_harmless) {
    for (const std::string& form : harmless_forms())
        EXPECT_EQ(author_domain(form), "shop.example") << form;
    EXPECT_EQ(author_domain("b\xc3\xbc"
                            "cher, GmbH <a@b\xc3\xbc"
                            "cher.example>"),
              "xn--bcher-kva.example");
}

TEST(FromField, is_refused_where_a_reader_may_find_another_author) {
    const Words forms{
        "admin@bank.example <a@shop.example>",
        "a@shop.example admin@bank.example <a@shop.example>",
        "admin@bank.example, Shop <a@shop.example>",
        "'admin@bank.example' <a@shop.example>",
        "admin @ bank . example <a@shop.example>",
        "admin@bank. example <a@shop.example>",
        "admin@bank\xe3\x80\x82"
        "example <a@shop.example>",
        "admin@bank\xef\xbc\x8e"
        "example <a@shop.example>",
        "admin@bank\xe2\x80\xa4"
        "example <a@shop.example>",
        "admin@bank\u33c2 <a@shop.example>",  // UTS 46 maps it to "a.m."
        "admin@bank\u33c7 <a@shop.example>",  // "co."
        "admin@bank\u33d8 <a@shop.example>",  // "p.m."
        "admin@(x)bank(.)example <a@shop.example>",
        "admin@\"bank.example\" <a@shop.example>",
        "admin@[192.0.2.1] <a@shop.example>",
        "Shop, \"admin@bank.example\" <a@shop.example>",
        "Shop, (admin@bank.example) <a@shop.example>",
        "Shop, =?utf-8?Q?admin=40bank=2Eexample?= <a@shop.example>",
        "Shop, Inc. <a@shop.example> <admin@bank.example>",
        "<a@shop.example>, Inc. <admin@bank.example>",
        "Shop, Inc. <a@shop.example> admin@bank.example",
        "Shop, Inc. <a@shop.example@bank.example>",
        "Shop, Inc. <@bank.example:a@shop.example>",
        "Shop, Inc. <a@shop.example(>) admin@bank.example",
        "Shop \"Sales <a@shop.example>",
        "Shop (Sales <a@shop.example>",
        "a@shop.example.bank.example <a@shop.example>",
        "a@bank.example .shop.example <a@bank.example.shop.example>",
        "a@shop.exam ple <a@shop.example>",
        // In the grammar, and read as bank.example by all who stop at a blank or a comment.
        "admin@bank.example .shop.example",
        "admin@bank.example(x).shop.example",
        "Shop, =?utf-8?q?admin?= @bank.example <a@shop.example>",
        "Shop, =?utf-8?q?=3cadmin=3E?= <a@shop.example>",
        "Shop, =?utf-8?q?=3D?= <a@shop.example>",
        "Shop, =?utf-8?q?=0A?= <a@shop.example>",
        "Shop, =?utf-8?q?=4?= <a@shop.example>",
        "Shop, =?utf-7?q?admin+AEA-bank.example?= <a@shop.example>",
        "Shop, =?utf-8?B?U2hvcA=?= <a@shop.example>",
        "Shop, =?utf-8?q?open <a@shop.example>",
        "Shop, x \\<a@shop.example>",
        "Shop \\\"x\" <a@shop.example>",
        "Shop :) @ Sales <a@shop.example>",
        // RFC 2047 §5: no encoded word in an addr-spec.
        "=?utf-8?q?admin=40bank=2Eexample=20=20?==?utf-8?q?=00?=@shop.example",
        "=?utf-8?q?admin=40bank=2Eexample=3B?=.x@shop.example",
        "x.=?utf-8?B?YUBiYW5rLmV4YW1wbGU=?=@shop.example",
        "\"=?utf-8?q?admin=40bank=2Eexample?=\"@shop.example",
        "Shop <=?utf-8?q?admin=40bank=2Eexample=3E?=@shop.example>",
        "Shop, Inc. <=?utf-8?q?admin=40bank=2Eexample=3E?=@shop.example>",
        "admin@bank.example. (x) shop.example",
    };
    for (const std::string& form : forms)
        EXPECT_EQ(author_domain(form), "") << form;
}

// A generator whose numbers are the same with every library.
class Random {
  public:
    std::size_t below(std::size_t bound) { return engine_() % bound; }
    const std::string& one_of(const Words& words) { return words[below(words.size())]; }

  private:
    std::mt19937 engine_{20250901};
};

const Words& pieces() {
    static const Words words{"Shop",
                             "Inc.",
                             "bank",
                             "example",
                             "bank.example",
                             ".example",
                             "shop.example",
                             "a@shop.example",
                             "b@SHOP.example",
                             "admin@bank.example",
                             "@bank.example",
                             "@shop.example",
                             "@Shop",
                             "@",
                             " @ ",
                             ".",
                             "..",
                             ",",
                             ", ",
                             ";",
                             ":",
                             ": ",
                             "<",
                             ">",
                             "\"",
                             "\\",
                             "\\\"",
                             "(",
                             ")",
                             "[",
                             "]",
                             " ",
                             " ",
                             " ",
                             "\t",
                             "\r\n ",
                             "'",
                             "%",
                             "!",
                             "=?utf-8?Q?a=40bank=2Eexample?=",
                             "=?utf-8?B?YUBiYW5rLmV4YW1wbGU=?=",
                             "=?utf-8?q?a=40bank=2Eexample?=@shop.example",
                             "=?utf-8?q?a=40bank=2Eexample=3B?=.x@shop.example",
                             "<=?utf-8?B?YUBiYW5rLmV4YW1wbGU=?=@shop.example>",
                             "\"=?utf-8?q?a=40bank=2Eexample?=\"",
                             "\"=?utf-8?q?a=40bank=2Eexample?=\"@shop.example",
                             "\"Shop\"",
                             "\"a@bank.example\"",
                             "\"(\"",
                             "(x)",
                             "(\")",
                             "(a@bank.example)",
                             "(\\))",
                             "[x]",
                             "[192.0.2.1]",
                             "<a@shop.example>",
                             "<admin@bank.example>",
                             "<a..b@shop.example>",
                             "<@bank.example:a@shop.example>",
                             "\xc3\xb6",
                             "\xf6",
                             "\xe3\x80\x82",
                             "\xef\xbc\x8e",
                             "\xe2\x80\xa4",
                             "bank\xe3\x80\x82"
                             "example",
                             "a@b\xc3\xbc"
                             "cher.example",
                             "<a@xn--bcher-kva.example>",
                             "Group: ",
                             "a@shop.example;"};
    return words;
}

std::string made_up(Random& random) {
    std::string value;
    for (std::size_t count = 1 + random.below(7); count > 0; --count)
        value += random.one_of(pieces());
    return random.below(4) == 0 ? value : value + " <a@shop.example>";
}

std::string mutated(Random& random) {
    std::string value = random.one_of(harmless_forms());
    for (std::size_t count = 1 + random.below(3); count > 0 && !value.empty(); --count) {
        const std::size_t at = random.below(value.size());
        const bool inside_fold = value[at] == '\n' || (at > 0 && value[at - 1] == '\n');
        if (inside_fold) continue;
        if (random.below(4) == 0 && value[at] != '\r')
            value.erase(at, 1);
        else
            value.insert(at, random.one_of(pieces()));
    }
    return value;
}

TEST(FromField, is_refused_where_one_of_six_readers_finds_another_domain) {
    constexpr std::size_t cases = 60'000;
    Random random;
    std::size_t taken = 0;
    std::size_t taken_beyond_the_grammar = 0;
    std::size_t doubtful = 0;
    for (std::size_t i = 0; i < cases && !HasFailure(); ++i) {
        const std::string value = i % 2 == 0 ? made_up(random) : mutated(random);
        const std::string taken_domain = author_domain(value);
        const std::string unfolded = unfold(value);
        bool one_domain = true;
        for (const tests::FromReader& reader : tests::from_readers()) {
            const Words found = reader.domains(unfolded);
            for (const std::string& domain : found) {
                one_domain = one_domain && domain == "shop.example";
                if (taken_domain.empty()) continue;
                EXPECT_EQ(a_labels(domain), taken_domain)
                    << reader.name << ": " << testing::PrintToString(value);
            }
        }
        taken += taken_domain.empty() ? 0 : 1;
        doubtful += one_domain ? 0 : 1;
        taken_beyond_the_grammar += !taken_domain.empty() && !parse_address_list(unfolded) ? 1 : 0;
    }
    // The cases reach all of it: fields that are taken, forms beyond the grammar, and fields to be refused.
    EXPECT_GT(taken, cases / 20);
    EXPECT_GT(taken_beyond_the_grammar, cases / 50);
    EXPECT_GT(doubtful, cases / 10);
}

}  // namespace
}  // namespace gatepost::auth
