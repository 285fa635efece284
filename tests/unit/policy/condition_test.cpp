#include "policy/condition.hpp"

#include "policy/exemption.hpp"

#include <gtest/gtest.h>

namespace gatepost::policy {
namespace {

using namespace std::chrono_literals;

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

auth::Author author_of(std::string_view domain) {
    auth::Author author;
    author.domain = name(domain);
    author.fault = auth::AuthorFault::none;
    return author;
}

Facts facts_of(std::string_view client, std::string_view mail_from) {
    Facts facts;
    facts.client_ip = dns::IpAddress::parse(client).value();
    facts.mail_from = mail_from;
    facts.today = std::chrono::sys_days(2026y / 11 / 24);
    return facts;
}

TEST(Glob, matches) {
    struct Case {
        std::string_view pattern, text;
        bool matches;
    };
    for (const Case& c : std::initializer_list<Case>{{"a@b.example", "A@B.Example", true},
                                                     {"*@b.example", "x@b.example", true},
                                                     {"*@b.example", "x@c.example", false},
                                                     {"*", "", true},
                                                     {"", "a", false},
                                                     {"a?c", "abc", true},
                                                     {"a?c", "ac", false},
                                                     {"*a*b*", "xxaxxbxx", true},
                                                     {"*a*b", "abxa", false}})
        EXPECT_EQ(glob_matches(c.pattern, c.text), c.matches) << c.pattern << " on " << c.text;
    const std::string many(5000, 'a');
    EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*b", many));  // no exponential time
}

TEST(DomainPattern, matches_a_name_or_all_below_it) {
    EXPECT_TRUE(DomainPattern::parse("example.com")->matches(name("example.com")));
    EXPECT_FALSE(DomainPattern::parse("example.com")->matches(name("a.example.com")));
    EXPECT_TRUE(DomainPattern::parse("*.example.com")->matches(name("a.b.example.com")));
    EXPECT_FALSE(DomainPattern::parse("*.example.com")->matches(name("example.com")));
    EXPECT_FALSE(DomainPattern::parse("*.example.com")->matches(name("notexample.com")));
    for (const auto* text : {"", "*", "*.", "a.*.com", "-a.com"})
        EXPECT_FALSE(DomainPattern::parse(text)) << text;
}

TEST(Condition, needs_every_key_and_one_item_of_each) {
    Condition when;
    when.client_ip = {dns::IpNetwork::parse("10.20.0.0/16").value(),
                      dns::IpNetwork::parse("fd00::/8").value()};
    when.author_domain = {DomainPattern::parse("example.com").value()};
    when.mail_from = {"<>", "root@*.example.com"};
    EXPECT_TRUE(when.matches(facts_of("10.20.3.7", ""), author_of("example.com")));
    EXPECT_TRUE(when.matches(facts_of("fd00::1", "root@web1.example.com"), author_of("example.com")));
    EXPECT_FALSE(when.matches(facts_of("10.21.3.7", ""), author_of("example.com")));
    EXPECT_FALSE(when.matches(facts_of("10.20.3.7", "x@example.com"), author_of("example.com")));
    EXPECT_FALSE(when.matches(facts_of("10.20.3.7", ""), author_of("example.net")));
    EXPECT_FALSE(when.matches(facts_of("10.20.3.7", ""), auth::Author()));
}

TEST(Exemption, speaks_until_the_end_of_its_last_day) {
    Exemption exemption;
    exemption.allow = {Forgiven::dmarc};
    exemption.expires = 2026y / 11 / 24;
    const std::vector<Exemption> all{exemption};
    Facts facts = facts_of("192.0.2.1", "");
    EXPECT_TRUE(find_exemption(all, Forgiven::dmarc, facts, author_of("example.com")));
    EXPECT_FALSE(find_exemption(all, Forgiven::spf, facts, author_of("example.com")));
    facts.today += std::chrono::days(1);
    EXPECT_FALSE(find_exemption(all, Forgiven::dmarc, facts, author_of("example.com")));
}

TEST(Exemption, for_a_missing_domain_waives_the_author_domain_key) {
    Exemption exemption;
    exemption.when.client_ip = {dns::IpNetwork::parse("10.20.0.0/16").value()};
    exemption.when.author_domain = {DomainPattern::parse("example.com").value()};
    exemption.allow = {Forgiven::dmarc, Forgiven::missing_from_domain};
    const std::vector<Exemption> all{exemption};
    auth::Author author;
    author.fault = auth::AuthorFault::no_domain;
    EXPECT_TRUE(find_exemption(all, Forgiven::missing_from_domain, facts_of("10.20.1.1", ""), author));
    EXPECT_FALSE(find_exemption(all, Forgiven::missing_from_domain, facts_of("10.21.1.1", ""), author));
    author.fault = auth::AuthorFault::several_domains;
    EXPECT_FALSE(find_exemption(all, Forgiven::missing_from_domain, facts_of("10.20.1.1", ""), author));
}

}  // namespace
}  // namespace gatepost::policy
