#include "dns/zone_resolver.hpp"

#include "tests/support/run.hpp"

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

TEST(ZoneResolver, tells_absence_from_trouble) {
    ZoneResolver zone;
    zone.add(name("a.example"), RrType::txt, std::string("x"));
    zone.add(name("alias.example"), RrType::cname, name("a.example"));
    zone.add(name("loop.example"), RrType::cname, name("loop.example"));
    zone.add_failure(name("down.example"), std::nullopt, "timeout");
    zone.add_failure(name("a.example"), RrType::mx, "SERVFAIL");

    EXPECT_TRUE(zone.find(name("A.example"), RrType::txt)->found());
    EXPECT_TRUE(zone.find(name("alias.example"), RrType::txt)->found());
    EXPECT_EQ(zone.find(name("a.example"), RrType::a)->outcome, Outcome::no_data);
    EXPECT_EQ(zone.find(name("example"), RrType::a)->outcome, Outcome::no_data);
    EXPECT_EQ(zone.find(name("b.example"), RrType::a)->outcome, Outcome::nx_domain);
    EXPECT_TRUE(zone.find(name("down.example"), RrType::a)->failed());
    EXPECT_EQ(zone.find(name("a.example"), RrType::mx)->detail, "SERVFAIL");
    EXPECT_TRUE(zone.find(name("loop.example"), RrType::a)->failed());
}

TEST(ZoneResolver, notes_what_was_asked) {
    ZoneResolver zone;
    const AnswerPtr answer = tests::run(zone.query(name("x.example"), RrType::txt));
    EXPECT_EQ(answer->outcome, Outcome::nx_domain);
    ASSERT_EQ(zone.questions().size(), 1U);
    EXPECT_EQ(zone.questions()[0].name, name("x.example"));
}

}  // namespace
}  // namespace gatepost::dns
