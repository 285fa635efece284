#include "auth/results/parse_results.hpp"
#include "auth/results/remove_claims.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth::results {
namespace {

// The parsed field in one line: id/version, then method=result and ptype.property<value> of each.
std::string shown(std::string_view value) {
    const auto parsed = parse_results(value);
    if (!parsed) return "unreadable";
    std::string text = parsed->authserv_id + "/" + std::to_string(parsed->version);
    for (const ParsedResult& result : parsed->results) {
        text += "; " + result.method + "=" + result.result;
        if (result.reason) text += " reason<" + *result.reason + ">";
        for (const ParsedProperty& property : result.properties)
            text += " " + property.ptype + "." + property.property + "<" + property.value + ">";
    }
    return text;
}

TEST(ParseResults, reads_the_grammar_of_rfc_8601) {  // §2.2 and Appendix B
    const std::vector<std::pair<std::string, std::string>> table{
        {"example.org 1; none", "example.org/1"},
        {"example.org; NONE (nothing)", "example.org/1"},
        {"example.com; spf=pass smtp.mailfrom=example.net",
         "example.com/1; spf=pass smtp.mailfrom<example.net>"},
        {"example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
         "example.com/1; auth=pass smtp.auth<sender@example.net>; spf=pass smtp.mailfrom<example.net>"},
        {"example.com; dkim=pass reason=\"good \\\"signature\" header.i=@mail-router.example.net",
         "example.com/1; dkim=pass reason<good \"signature> header.i<@mail-router.example.net>"},
        {"foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail "
         "policy (A dot can go here) . (like that) expired (this surprised me) = (as I wanted to see it) "
         "1362471462",
         "foo.example.net/1; dkim=fail policy.expired<1362471462>"},
        {"\"a \\\"b\" ; x=y", "a \"b/1; x=y"},
        {"a.example; x=y p.q=\"a; b=c\" p.r=\"l p\"@d.example",
         "a.example/1; x=y p.q<a; b=c> p.r<\"l p\"@d.example>"},
        {"a.example; dkim=pass header.b=ab/c+d= ;", "a.example/1; dkim=pass header.b<ab/c+d=>"},
        {"a.example; spf=none smtp.mailfrom=; x=y", "a.example/1; spf=none smtp.mailfrom<>; x=y"},
        {"a.example;none=x", "a.example/1; none=x"},
        {"b\xc3\xbc.example; x=y", "b\xc3\xbc.example/1; x=y"},
        {"a.example 99; x=y", "a.example/99; x=y"},
    };
    for (const auto& [value, expected] : table)
        EXPECT_EQ(shown(value), expected) << value;
}

TEST(ParseResults, refuses_what_is_outside_it) {
    for (const char* value : {"",
                              ";",
                              "; spf=pass",
                              "a.example",
                              "a.example b.example; x=y",
                              "a.example/x; x=y",
                              "a.example 1 2; x=y",
                              "a.example 9999999999; x=y",
                              "\"a.example; x=y",
                              "(a.example; x=y",
                              "a.example; x",
                              "a.example; x=",
                              "a.example; x=y z",
                              "a.example; x=y z.w",
                              "a.example; x=y z=w",
                              "a.example; x=y p.q=\"a",
                              "a\xff; x=y",
                              "a.example; x=y p.q=a\"b",
                              "a.example; x=y p.q=a\\b",
                              "a.example;; x=y",
                              "a.example; x=y\r\nZ: w"})
        EXPECT_EQ(shown(value), "unreadable") << value;
    EXPECT_EQ(shown(std::string("a.example\0; x=y", 15)), "unreadable");
}

struct ClaimCase {
    std::string field;
    bool remove;
};

TEST(RemoveClaims, finds_our_names_in_every_disguise) {  // RFC 8601 §5
    const std::vector<std::string> ours{"mx.example.org",
                                        "b\xc3\xbc"
                                        "cher.example"};
    const std::vector<ClaimCase> table{
        {"Authentication-Results: mx.example.org; spf=pass", true},
        {"authentication-RESULTS : \"MX.\\example.org\" 1; none", true},
        {"Authentication-Results: mx.example.org.; none", true},
        {"Authentication-Results: \" mx.example.org \"; none", true},
        {"Authentication-Results: xn--bcher-kva.example; none", true},
        {"Authentication-Results: \xef\xbd\x8d\xef\xbd\x98.example.org; none", true},
        {"Authentication-Results: mx.example.org", true},
        {"Authentication-Results: other.example 2; none", true},  // "MUST remove" a version not supported
        {"Authentication-Results: mx.example.net; none", false},
        {"Authentication-Results: a.mx.example.org; none", false},
        {"Authentication-Results: other.example (mx.example.org); none", false},
        {"X-Authentication-Results: mx.example.org; none", false},
        {"ARC-Authentication-Results: i=1; mx.example.org; none", false},
    };
    for (const ClaimCase& entry : table) {
        const auto header = HeaderBlock::parse(entry.field + "\r\n\r\n");
        ASSERT_EQ(header->fields().size(), 1U);
        EXPECT_EQ(ClaimFinder(ours).is_claim(header->fields().front()), entry.remove) << entry.field;
    }
}

// What would take a worker milliseconds to read is nobody's honest field.
TEST(RemoveClaims, what_is_too_long_to_be_read_is_removed) {
    constexpr std::size_t bound = 32 * 1024;
    for (const std::string& name : {std::string("Authentication-Results"), std::string("X-Other")}) {
        for (const std::size_t octets : {bound, bound + 1}) {
            std::string value = " mx.example.net; spf=pass reason=\"\"";
            value.insert(value.size() - 1, octets - value.size(), 'x');
            const auto header = HeaderBlock::parse(name + ":" + value + "\r\n\r\n");
            const bool is_removed = ClaimFinder({"mx.example.org"}).is_claim(header->fields().front());
            EXPECT_EQ(is_removed, octets > bound && name != "X-Other") << name << ' ' << octets;
        }
    }
}

// An identifier in ASCII is looked at however many others there are.
TEST(RemoveClaims, what_is_too_much_to_convert_is_removed) {
    std::string id;
    while (id.size() < 1'000)
        id += "b\xc3\xbc.";
    const auto foreign = HeaderBlock::parse("Authentication-Results: " + id + "example; none\r\n\r\n");
    const auto plain = HeaderBlock::parse("Authentication-Results: mx.example.net; none\r\n\r\n");
    ClaimFinder claims({"mx.example.org"});
    const std::size_t room = dns::IdnaBudget::octets_of_a_message / (id.size() + 7);
    for (std::size_t i = 0; i < 2 * room; ++i) {
        EXPECT_EQ(claims.is_claim(foreign->fields().front()), i >= room) << i;
        EXPECT_FALSE(claims.is_claim(plain->fields().front())) << i;
    }
}

}  // namespace
}  // namespace gatepost::auth::results
