#include "auth/spf/limits.hpp"
#include "auth/spf/record.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace gatepost::auth::spf {
namespace {

struct Selection {
    std::string_view text;
    bool selected;
};

// RFC 7208 §4.5
constexpr Selection selections[] = {
    {"v=spf1", true},        {"V=SPF1 -all", true},   {"v=spf1 ", true},
    {"v=spf10", false},      {"v=spf", false},        {"", false},
    {" v=spf1 -all", false}, {"v=spf1\t-all", false}, {"v=spf2.0/pra", false},
};

TEST(SpfRecord, is_told_by_its_version_section) {
    for (const Selection& entry : selections)
        EXPECT_EQ(is_spf_record(entry.text), entry.selected) << entry.text;
}

struct Syntax {
    std::string_view terms;  // behind "v=spf1"
    bool valid;
    const char* section;
};

constexpr Syntax syntaxes[] = {
    {"", true, "4.5"},
    {"   ", true, "12 record: *SP"},
    {"  a   -all ", true, "4.6.1"},
    {" a\t-all", false, "4.6.1"},
    {" a:exa\x7fmple.com", false, "12"},
    {std::string_view(" ip4:192.0.2.1\0x", 16), false, "12"},
    {" ALL", true, "4.6.1 case"},
    {" --all", false, "4.6.1"},
    {" + all", false, "4.6.1"},
    {" -", false, "4.6.1"},
    {" all:", false, "5.1"},
    {" all/0", false, "5.1"},
    {" all.", false, "5.1"},
    {" moo", false, "4.6.1"},
    {" include", false, "5.2"},
    {" include:", false, "5.2"},
    {" include:example.com/24", false, "5.2"},
    {" exists", false, "5.7"},
    {" exists:%{ir}.%{l1r+-}._spf.%{d}", true, "5.7"},
    {" exists:a.example/24", false, "5.7"},
    {" ptr", true, "5.5"},
    {" ptr:", false, "5.5"},
    {" ptr/0", false, "5.5"},
    {" a/0", true, "5.6"},
    {" a/32", true, "5.6"},
    {" a/33", false, "5.6"},
    {" a/032", false, "5.6"},
    {" a/00", false, "5.6"},
    {" a/", false, "5.6"},
    {" a//", false, "5.6"},
    {" a//0", true, "5.6"},
    {" a//128", true, "5.6"},
    {" a//129", false, "5.6"},
    {" a/24//64", true, "5.6"},
    {" a//64/24", false, "5.6"},
    {" a/24/64", false, "5.6"},
    {" a///64", false, "5.6"},
    {" a/24///64", false, "5.6"},
    {" a/99999999999999999999", false, "5.6"},
    {" a:/24", false, "5.3"},
    {" a:foo:bar/baz.example.com", true, "7.1 macro-literal"},
    {" a:foo/24.example.com//64", true, "7.1 macro-literal"},
    {" a:%{d}/24", true, "5.3"},
    {" a:%{l/}.example.com", true, "7.1 delimiter"},
    {" mx:example.com:8080", false, "7.1 toplabel"},
    {" mx:mail.example.com//64", true, "5.4"},
    {" a:museum", false, "7.1 domain-end"},
    {" a:museum.", false, "7.1 domain-end"},
    {" a:.museum", true, "7.1 domain-end"},
    {" a:example.com.", true, "7.1 domain-end"},
    {" a:example.com..", false, "7.1 domain-end"},
    {" a:example.123", false, "7.1 toplabel"},
    {" a:192.0.2.1", false, "7.1 toplabel"},
    {" a:example.1a", true, "7.1 toplabel"},
    {" a:example.xn--zckzah", true, "7.1 toplabel"},
    {" a:example.1-2", true, "7.1 toplabel"},
    {" a:example.-com", false, "7.1 toplabel"},
    {" a:example.com-", false, "7.1 toplabel"},
    {" a:example.c_m", false, "7.1 toplabel"},
    {" a:%%", true, "7.1 domain-end is a macro-expand"},
    {" a:%{d}com", false, "7.1 domain-end"},
    {" a:%{d}.com", true, "7.1 domain-end"},
    {" a:%{d}.", false, "7.1 domain-end: a dot follows top labels alone"},
    {" a:%{c}.com", false, "7.2"},
    {" ip4:192.0.2.1", true, "5.6"},
    {" ip4:192.0.2.0/24", true, "5.6"},
    {" ip4:192.0.2.0/33", false, "5.6"},
    {" ip4:192.0.2", false, "5.6"},
    {" ip4:192.0.2.256", false, "5.6"},
    {" ip4:192.0.2.01", false, "5.6 qnum"},
    {" ip4:192.0.2.0/24/", false, "5.6"},
    {" ip4:192.0.2.0//24", false, "5.6"},
    {" ip4:192.0.2.0/", false, "5.6"},
    {" ip4", false, "5.6"},
    {" ip4:", false, "5.6"},
    {" ip4:2001:db8::1", false, "5.6"},
    {" ip4:::ffff:192.0.2.1", false, "5.6"},
    {" ip6:2001:db8::/32", true, "5.6"},
    {" ip6:2001:db8::1/129", false, "5.6"},
    {" ip6:::1", true, "5.6"},
    {" ip6:::", true, "5.6"},
    {" ip6:::ffff:192.0.2.1", true, "5.6"},
    {" ip6:192.0.2.1", false, "5.6"},
    {" ip6:2001:db8:::1", false, "5.6"},
    {" ip6:fe80::1%eth0", false, "5.6"},
    {" redirect=example.com", true, "6.1"},
    {" ReDirect=example.com", true, "6.1"},
    {" redirect=", false, "6.1"},
    {" redirect=-all", false, "6.1"},
    {" redirect:example.com", false, "4.6.1"},
    {" -redirect=example.com", false, "4.6.1: modifiers have no qualifier"},
    {" redirect=a.example redirect=b.example", false, "6"},
    {" exp=a.example", true, "6.2"},
    {" exp=", false, "6.2"},
    {" exp=a.example EXP=a.example", false, "6"},
    {" exp=%{r}.example", false, "7.2"},
    {" moo.cow-far_out=man:dog/cat", true, "4.6.1"},
    {" moo=", true, "4.6.1"},
    {" moo=%{c}%{r}%{t}", true, "12: macro-letter"},
    {" moo=%abc", false, "12: macro-string"},
    {" moo=a moo=b", true, "6"},
    {" a=b", true, "4.6.1: a modifier of that name"},
    {" 1up=foo", false, "4.6.1 name"},
    {" =all", false, "4.6.1 name"},
    {" moo/cow=x", false, "4.6.1"},
    {" ip4:192.0.2.1 -all moo", false, "4.6: anywhere"},
};

TEST(SpfRecord, follows_the_grammar) {
    for (const Syntax& entry : syntaxes) {
        const auto parsed = Record::parse("v=spf1" + std::string(entry.terms));
        EXPECT_EQ(std::holds_alternative<Record>(parsed), entry.valid)
            << '"' << entry.terms << "\", RFC 7208 §" << entry.section;
    }
}

TEST(SpfRecord, gives_its_directives_in_order_and_as_written) {
    const auto parsed = Record::parse(
        "v=spf1 exp=e.example  +MX:m.example/24//64 x=y ?ip4:192.0.2.9/24 ~exists:%{i}.e.example -all a");
    const auto& record = std::get<Record>(parsed);
    const auto client = dns::IpAddress::parse("192.0.2.200").value();
    Record::Position position;
    const auto mx = record.next_for(client, position);
    ASSERT_TRUE(mx);
    EXPECT_EQ(mx->text, "+MX:m.example/24//64");
    EXPECT_EQ(mx->mechanism, Mechanism::mx);
    EXPECT_EQ(mx->qualifier, Result::pass);
    EXPECT_EQ(mx->ip4_prefix, 24U);
    EXPECT_EQ(mx->ip6_prefix, 64U);
    const auto ip4 = record.next_for(client, position);
    ASSERT_TRUE(ip4);
    EXPECT_EQ(ip4->mechanism, Mechanism::ip4);
    EXPECT_EQ(ip4->text, "?ip4:192.0.2.9/24");
    EXPECT_EQ(ip4->qualifier, Result::neutral);
    const auto exists = record.next_for(client, position);
    ASSERT_TRUE(exists);
    EXPECT_EQ(exists->qualifier, Result::softfail);
    EXPECT_TRUE(exists->domain_spec);
    const auto all = record.next_for(client, position);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->text, "-all");
    EXPECT_FALSE(record.next_for(client, position)) << "RFC 7208 §5.1: nothing behind all is reached";
    EXPECT_TRUE(record.explanation());
    EXPECT_FALSE(record.redirect());
}

struct Network {
    std::string_view term;
    std::string_view client;
    bool contains;
};

// RFC 7208 §5: IPv4 clients are listed by ip4 alone, and IPv4-mapped ones are IPv4 clients.
constexpr Network networks[] = {
    {"ip4:192.0.2.0/24", "::ffff:192.0.2.77", true},
    {"ip4:0.0.0.0/0", "2001:db8::1", false},
    {"ip6:::/0", "192.0.2.1", false},
    {"ip6:::/0", "2001:db8::1", true},
    {"ip6:::ffff:192.0.2.1", "192.0.2.1", false},
    {"ip6:::ffff:0:0/96", "::1", false},
    {"ip6:::ffff:0:0/80", "::1", true},
    {"ip6:::ffff:0:0/84", "::f000:0:1", true},
    {"ip6:::ffff:0:0/84", "::e000:0:1", false},
    {"ip6:::ffff:0:0/90", "::ffc0:0:1", true},
    {"ip6:::ffff:0:0/90", "::ff80:0:1", false},
    {"ip6:::ffff:0:0/0", "2001:db8::1", true},
    {"ip6:2001:db8::/33", "2001:db8:8000::", false},
    {"ip6:2001:db8::/32", "2001:db8:8000::", true},
    {"ip6:2001:db8::1", "2001:db8::1", true},
    {"ip6:2001:db8::1/127", "2001:db8::2", false},
    {"ip6:2001:db8:0:0:8000::/65", "2001:db8::8000:0:0:1", true},
    {"ip6:2001:db8:0:0:8000::/65", "2001:db8::7000:0:0:1", false},
    {"ip4:0.0.0.0/0", "192.0.2.1", true},
    {"ip4:192.0.2.129/25", "192.0.2.128", true},
    {"ip4:192.0.2.129/25", "192.0.2.127", false},
};

// Of every prefix length, the nearest clients inside and outside.
TEST(SpfRecord, networks_end_where_their_prefix_says) {
    for (const std::string_view text : {"85.170.85.170", "5555:aaaa:5555:aaaa:5555:aaaa:5555:aaaa"}) {
        const auto base = dns::IpAddress::parse(text).value();
        for (unsigned prefix = 1; prefix <= base.bits(); ++prefix) {
            auto octets = base.octets();
            const unsigned last = prefix - 1;  // the last bit that counts
            octets[last / 8] = static_cast<std::uint8_t>(octets[last / 8] ^ (0x80U >> last % 8));
            const auto outside = base.is_v4()
                                     ? dns::IpAddress::v4({octets[0], octets[1], octets[2], octets[3]})
                                     : dns::IpAddress::v6(octets);
            const std::string term =
                (base.is_v4() ? "ip4:" : "ip6:") + base.text() + '/' + std::to_string(prefix);
            const auto parsed = Record::parse("v=spf1 ip4:198.51.100.1 ip6:2001:db8::1 " + term);
            for (const auto& [client, inside] : {std::pair(base, true), std::pair(outside, false)}) {
                Record::Position position;
                EXPECT_EQ(std::get<Record>(parsed).next_for(client, position).has_value(), inside) << term;
            }
        }
    }
}

TEST(SpfRecord, networks_hold_the_clients_that_they_name) {
    for (const Network& entry : networks) {
        const auto parsed = Record::parse("v=spf1 " + std::string(entry.term));
        Record::Position position;
        const auto client = dns::IpAddress::parse(entry.client).value();
        EXPECT_EQ(std::get<Record>(parsed).next_for(client, position).has_value(), entry.contains)
            << entry.term << ' ' << entry.client;
    }
}

TEST(SpfRecord, names_the_faulty_term_in_printable_text) {
    const auto parsed = Record::parse("v=spf1 a \x01\xff" + std::string(5000, 'x') + " -all");
    const auto& reason = std::get<SyntaxError>(parsed).reason;
    EXPECT_EQ(reason.words(), "a syntax error in the SPF record");
    EXPECT_EQ(reason.detail(), "\"??" + std::string(78, 'x') + '"');
}

// An attacker writes the record: time stays linear in its length. The bounds are far above what these need,
// and far below what anything quadratic in 16 KiB takes.
TEST(SpfRecord, hostile_records_take_no_time) {
    const auto repeat = [](std::string_view piece) {
        std::string text = "v=spf1";
        while (text.size() + piece.size() <= max_record_octets)
            text += piece;
        return text;
    };
    for (const auto* piece :
         {" a", " a:%{d}", " ", " x=%{d}", "%{d}", " a:/1/1/1/1", " exists:%{l99r-----------.}.e.f"}) {
        const auto start = std::chrono::steady_clock::now();
        const auto parsed = Record::parse(repeat(piece));
        if (const auto* record = std::get_if<Record>(&parsed)) {
            Record::Position position;
            while (record->next_for(dns::IpAddress(), position)) {}
        }
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << piece;
    }
}

std::string repeated(std::string_view piece, std::size_t times) {
    std::string text = "v=spf1";
    for (std::size_t i = 0; i < times; ++i)
        text += piece;
    return text;
}

TEST(SpfRecord, is_bounded_in_octets_and_terms) {
    struct Case {
        std::string text;
        std::string_view reason;  // empty: it is a record
    };
    const Case table[] = {
        {"v=spf1" + std::string(max_record_octets - 6, ' '), ""},
        {"v=spf1" + std::string(max_record_octets - 5, ' '), "an SPF record of more than 16384 octets"},
        {repeated(" a", max_record_terms), ""},
        {repeated(" a", max_record_terms + 1), "an SPF record of more than 5000 terms"},
        {repeated(" x=", max_record_terms + 1), "an SPF record of more than 5000 terms"},
        {repeated(" ip6:::", 2300), ""},
        {repeated(" ip4:198.51.100.100/32", 700), ""},
    };
    for (const Case& c : table) {
        const auto parsed = Record::parse(c.text);
        const auto* error = std::get_if<SyntaxError>(&parsed);
        EXPECT_EQ(error ? error->reason.text() : "", c.reason) << c.text.substr(0, 20);
    }
}

}  // namespace
}  // namespace gatepost::auth::spf
