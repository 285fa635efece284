#include "auth/spf/macro.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace gatepost::auth::spf {
namespace {

// The values of RFC 7208 §7.4.
MacroValues example_values(std::string_view client = "192.0.2.3") {
    MacroValues values;
    values.client = dns::IpAddress::parse(client).value();
    values.now = std::chrono::system_clock::from_time_t(1700000000);
    values.sender = "strong-bad@email.example.com";
    values.local_part = "strong-bad";
    values.sender_domain = "email.example.com";
    values.domain = "email.example.com";
    values.client_name = "mx.example.org";
    values.helo = "h el+o";
    values.receiver = "mx1.example.net";
    return values;
}

std::string expand(std::string_view text, const MacroValues& values) {
    const auto parsed = MacroString::parse(text, MacroUse::explanation);
    return parsed ? parsed->expand_to_text(values, 1000) : "SYNTAX ERROR";
}

struct Expansion {
    std::string_view text;
    std::string_view expected;
};

constexpr Expansion expansions[] = {
    // RFC 7208 §7.4
    {"%{s}", "strong-bad@email.example.com"},
    {"%{o}", "email.example.com"},
    {"%{d}", "email.example.com"},
    {"%{d4}", "email.example.com"},
    {"%{d3}", "email.example.com"},
    {"%{d2}", "example.com"},
    {"%{d1}", "com"},
    {"%{dr}", "com.example.email"},
    {"%{d2r}", "example.email"},
    {"%{l}", "strong-bad"},
    {"%{l-}", "strong.bad"},
    {"%{lr}", "strong-bad"},
    {"%{lr-}", "bad.strong"},
    {"%{l1r-}", "strong"},
    {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
    {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
    {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
    {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
    {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
    // RFC 7208 §7.1, §7.3
    {"%%%_%-", "% %20"},
    {"%{D2R}", "example.email"},
    {"%{S}", "strong-bad%40email.example.com"},
    {"%{H}", "h%20el%2Bo"},
    {"%{h1+}", "o"},
    {"%{l00001-}", "bad"},
    {"%{d127}", "email.example.com"},
    {"%{d99999999999999999999}", "email.example.com"},
    {"%{s2r@}", "SYNTAX ERROR"},
    {"%{s1-.+,/_=}", "com"},
    {"%{c} %{r} %{t} %{p}", "192.0.2.3 mx1.example.net 1700000000 mx.example.org"},
    {"100%%", "100%"},
    {"a  b", "a  b"},
    {"", ""},
};

TEST(SpfMacro, expands) {
    for (const Expansion& entry : expansions)
        EXPECT_EQ(expand(entry.text, example_values()), entry.expected) << entry.text;
}

// RFC 7208 §7.3: no special treatment of leading, trailing and consecutive delimiters.
TEST(SpfMacro, keeps_empty_parts) {
    MacroValues values = example_values();
    values.local_part = "-a--b-";
    EXPECT_EQ(expand("%{l-}", values), ".a..b.");
    EXPECT_EQ(expand("%{lr-}", values), ".b..a.");
    EXPECT_EQ(expand("%{l1-}", values), "");
    EXPECT_EQ(expand("%{l2-}", values), "b.");
    EXPECT_EQ(expand("%{l2r-}", values), "a.");
    values.local_part = "";
    EXPECT_EQ(expand("%{l}|%{lr}|%{l3-}", values), "||");
}

// RFC 7208 §7.3, §7.4
TEST(SpfMacro, spells_ipv6_in_nibbles) {
    const MacroValues values = example_values("2001:db8::cb01");
    EXPECT_EQ(expand("%{ir}.%{v}._spf.%{d2}", values),
              "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
    EXPECT_EQ(expand("%{c}", values), "2001:db8::cb01");
}

constexpr std::string_view syntax_errors[] = {
    "%",      "%a",     "%(d)",  "%{",     "%{}",   "%{d",   "%{d ", "%{x}", "%{d0}", "%{d00r}",
    "%{drr}", "%{dr2}", "%{d;}", "%{d.r}", "%{d}%", "%{dd}", "a\tb", "a\rb", "a\nb",  "\x80",
};

TEST(SpfMacro, refuses_syntax_errors) {
    for (const std::string_view text : syntax_errors)
        EXPECT_FALSE(MacroString::parse(text, MacroUse::explanation)) << text;
    EXPECT_FALSE(MacroString::parse(std::string_view("a\0b", 3), MacroUse::explanation));
}

struct Use {
    std::string_view text;
    MacroUse use;
    bool valid;
};

// RFC 7208 §7.1, §7.2
constexpr Use uses[] = {
    {"a b", MacroUse::explanation, true},
    {"a b", MacroUse::modifier_value, false},
    {"a b.example", MacroUse::domain_spec, false},
    {"%{t}", MacroUse::explanation, true},
    {"%{T}", MacroUse::domain_spec, false},
    {"%{d}", MacroUse::domain_spec, true},
    {"", MacroUse::domain_spec, false},
    {"", MacroUse::modifier_value, true},
};

TEST(SpfMacro, knows_where_it_stands) {
    for (const Use& entry : uses)
        EXPECT_EQ(MacroString::parse(entry.text, entry.use).has_value(), entry.valid) << entry.text;
}

std::optional<dns::DomainName> target(std::string_view text, const MacroValues& values) {
    return MacroString::parse(text, MacroUse::domain_spec).value().expand_to_name(values);
}

// RFC 7208 §4.8, §7.3
TEST(SpfMacro, makes_names) {
    MacroValues values = example_values();
    EXPECT_EQ(target("%{l}._spf.Example.com.", values)->text(), "strong-bad._spf.example.com");
    EXPECT_EQ(target("A:b/c.example.com", values)->text(), "a:b/c.example.com");
    EXPECT_FALSE(target("a..example.com", values));
    EXPECT_FALSE(target(".example.com", values));
    values.helo = "";
    EXPECT_FALSE(target("%{h}", values));
    values.helo = "a..";
    EXPECT_FALSE(target("%{h}", values));
    values.helo = std::string(64, 'x');
    EXPECT_FALSE(target("%{h}.example.com", values));
}

// Labels go from the left until 253 octets are left; the dot at the end does not count.
TEST(SpfMacro, cuts_long_names_from_the_left) {
    MacroValues values = example_values();
    const std::string label(49, 'y');
    const std::string five = label + '.' + label + '.' + label + '.' + label + '.' + label;  // 249
    values.helo = five;
    EXPECT_EQ(target("%{h}.xyz", values)->text(), five + ".xyz");  // 253
    EXPECT_EQ(target("%{h}.xyz.", values)->text(), five + ".xyz");
    EXPECT_EQ(target("%{h}.wxyz", values)->text(), five.substr(50) + ".wxyz");
    EXPECT_EQ(target("a.%{h}.xyz", values)->text(), five + ".xyz");
    EXPECT_EQ(target("a.%{h}.xyz.", values)->text(), five + ".xyz");
    EXPECT_EQ(target("%{h}.%{h}.%{h}.xyz.", values)->text(), five + ".xyz");
    values.helo = std::string(300, 'z');
    EXPECT_FALSE(target("a.%{h}", values));
    EXPECT_EQ(target("%{h}.a.example", values)->text(), "a.example");
}

// Both the macros and the values come from a stranger: the cost is bounded by the text that is kept.
TEST(SpfMacro, hostile_expansions_take_no_time) {
    MacroValues values = example_values();
    values.sender = values.local_part = values.helo = std::string(1024, '-');
    for (const auto* piece : {"%{h}", "%{H}", "%{l1-}", "%{lr-}", "%{l999r-}", "%{s1r-}"}) {
        std::string text;
        while (text.size() < 65000)
            text += piece;
        const auto start = std::chrono::steady_clock::now();
        const auto parsed = MacroString::parse(text, MacroUse::domain_spec);
        ASSERT_TRUE(parsed);
        for (int i = 0; i < 10; ++i) {
            const auto name = parsed->expand_to_name(values);
            EXPECT_TRUE(!name || name->text().size() <= 253);
            EXPECT_LE(parsed->expand_to_text(values, 320).size(), 320U);
        }
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << piece;
    }
}

}  // namespace
}  // namespace gatepost::auth::spf
