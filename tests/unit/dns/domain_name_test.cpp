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

}  // namespace
}  // namespace gatepost::dns
