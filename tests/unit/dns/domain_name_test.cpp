#include "dns/domain_name.hpp"

#include "dns/idna.hpp"

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

TEST(DomainName, is_lower_case_without_a_trailing_dot) {
    EXPECT_EQ(name("MX1.Example.COM.").text(), "mx1.example.com");
    EXPECT_TRUE(name(".").is_root());
}

TEST(DomainName, refuses_what_no_question_can_hold) {
    const std::string label63(63, 'a');
    for (const auto* text : {"", "a..b", ".a", "a.."})
        EXPECT_FALSE(DomainName::parse(text)) << text;
    EXPECT_FALSE(DomainName::parse(label63 + "a.b"));
    EXPECT_TRUE(DomainName::parse(label63 + ".b"));
    std::string longest = label63 + '.' + label63 + '.' + label63 + '.' + std::string(61, 'a');
    EXPECT_TRUE(DomainName::parse(longest));  // 253 octets
    EXPECT_FALSE(DomainName::parse(longest + 'a'));
}

TEST(DomainName, keeps_odd_octets_in_labels) {
    EXPECT_EQ(name("a b%.\xff").text(), "a b%.\xff");
    EXPECT_FALSE(name("a b.c").is_host_name());
    EXPECT_FALSE(name("_dmarc.c").is_host_name());
    EXPECT_TRUE(name("_dmarc.c").is_host_name(true));
    EXPECT_FALSE(name("-a.c").is_host_name());
}

TEST(DomainName, takes_labels_from_either_end) {
    EXPECT_EQ(name("a.b.c").parent(), name("b.c"));
    EXPECT_TRUE(name("c").parent().is_root());
    EXPECT_EQ(name("a.b.c").suffix(2), name("b.c"));
    EXPECT_EQ(name("a.b.c").suffix(3), name("a.b.c"));
    EXPECT_EQ(name("a.b.c").suffix(9), name("a.b.c"));
    EXPECT_TRUE(name("a.b.c").suffix(0).is_root());
    EXPECT_EQ(name("b.c").prepend("_dmarc").value(), name("_dmarc.b.c"));
    EXPECT_FALSE(name(std::string(63, 'a')).prepend(std::string(64, 'b')));
    EXPECT_EQ(name("a.b.c").label_count(), 3U);
    EXPECT_EQ(DomainName().label_count(), 0U);
}

TEST(DomainName, knows_what_lies_below_it) {
    EXPECT_TRUE(name("a.b.c").is_at_or_below(name("b.c")));
    EXPECT_TRUE(name("b.c").is_at_or_below(name("b.c")));
    EXPECT_FALSE(name("ab.c").is_at_or_below(name("b.c")));
    EXPECT_TRUE(name("c").is_at_or_below(DomainName()));
}

TEST(Idna, turns_u_labels_into_a_labels) {
    EXPECT_EQ(to_ascii("B\xc3\xbc"
                       "cher.example")
                  .value(),
              name("xn--bcher-kva.example"));
    EXPECT_EQ(to_ascii("plain.example").value(), name("plain.example"));
    EXPECT_FALSE(to_ascii("\xff.example"));
    EXPECT_FALSE(to_ascii(std::string_view("a\0b.example", 11)));
}

// RFC 5890 §2.3.2.1, RFC 5891 §4.2: nothing is mapped.
TEST(Idna, takes_only_what_needs_no_mapping) {
    struct Case {
        std::string name;
        std::optional<std::string> a_labels;
    };
    for (const auto& [text, a_labels] : {
             Case{"b\u00fccher.example", "xn--bcher-kva.example"},
             Case{"B.Example", "B.Example"},
             Case{"mail.b\u00fccher.\u4f8b\u5b50", "mail.xn--bcher-kva.xn--fsqu00a"},
             Case{"fa\u00df.example", "xn--fa-hia.example"},
             Case{"\u03c3\u03c2.example", "xn--3xab.example"},
             Case{"l\u00b7l.example", "xn--ll-0ea.example"},
             Case{"\u05d0\u05d1.example", "xn--4dbc.example"},
             Case{"my_host.example", "my_host.example"},
             Case{"r3---sn-x.example", "r3---sn-x.example"},
             Case{"", ""},
             Case{"a..b", "a..b"},                     // no name, but nothing to be mapped
             Case{"ex\uff45mple.com", std::nullopt},   // a fullwidth letter
             Case{"exa\u200bmple.com", std::nullopt},  // a zero-width space
             Case{"exa\u00admple.com", std::nullopt},  // a soft hyphen
             Case{"example\u3002com", std::nullopt},   // an ideographic full stop
             Case{"\U0001d41e"
                  "xample.com",
                  std::nullopt},                          // a mathematical bold e
             Case{"exa\u2060mple.com", std::nullopt},     // a word joiner
             Case{"exa\ufeffmple.com", std::nullopt},     // a byte order mark
             Case{"B\u00fccher.example", std::nullopt},   // upper case is DISALLOWED
             Case{"bu\u0308cher.example", std::nullopt},  // not in NFC
             Case{"a\u200db.example", std::nullopt},      // CONTEXTJ
             Case{"a\u00b7.example", std::nullopt},       // CONTEXTO
             Case{"\u0301a.example", std::nullopt},       // begins with a combining mark
             Case{"\u05d0a.example", std::nullopt},       // RFC 5893
             Case{"-\u00fc.example", std::nullopt},
             Case{"xn--\u00fc.example", std::nullopt},
             Case{"i\u2764.example", std::nullopt},
             Case{"\xff.example", std::nullopt},
             Case{std::string("a\0.example", 10), std::nullopt},
             Case{"XN--BCHER-KVA.example", "XN--BCHER-KVA.example"},
             Case{"xn--i-7iq.\u00fc", "xn--i-7iq.xn--tda"},  // by IDNA 2003: such hosts exist
             Case{"xn--zzzzzz99.example", std::nullopt},     // no Punycode
             Case{"xn--.example", std::nullopt},
             Case{"xn--abc-d-.example", std::nullopt},
         }) {
        EXPECT_EQ(u_labels_to_a_labels(text), a_labels) << text;
        // What is taken is what mapping would have made of it, too.
        const auto mapped = to_ascii(text);
        if (a_labels && mapped) {
            EXPECT_EQ(DomainName::parse(*a_labels), mapped) << text;
        }
    }
}

}  // namespace
}  // namespace gatepost::dns
