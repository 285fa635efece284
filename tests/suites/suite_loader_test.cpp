// The loader itself: every suite in the format of spf-rfc7208 can be read, and the notation means what the
// suites' own pages say.
#include "tests/support/suite.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gatepost::tests {
namespace {

std::vector<Node> parse(const std::string& yaml) {
    const auto file = std::filesystem::path(testing::TempDir()) / "suite_loader_test.yml";
    std::ofstream(file, std::ios::binary) << yaml;
    auto documents = load_yaml(file);
    std::filesystem::remove(file);
    return documents;
}

dns::AnswerPtr ask(const dns::ZoneResolver& zone, std::string_view name, dns::RrType type) {
    return zone.find(dns::DomainName::parse(name).value(), type);
}

TEST(SuiteLoader, reads_octets_only_where_double_quotes_write_them) {
    const auto documents =
        parse("---\na: \"\\x80\\xEF\\n\"\nb: '\\x80'\nc: \"\\\\x80\"\nd: \"\xc3\xa9\"\n---\na: \"x\\xff\"\n");
    ASSERT_EQ(documents.size(), 2U);
    EXPECT_EQ(documents[0]["a"].text(), "\x80\xef\n");
    EXPECT_EQ(documents[0]["b"].text(), "\\x80");
    EXPECT_EQ(documents[0]["c"].text(), "\\x80");
    EXPECT_EQ(documents[0]["d"].text(), "\xc3\xa9");
    EXPECT_EQ(documents[1]["a"].text(), "x\xff");
}

TEST(SuiteLoader, takes_words_and_lists) {
    const auto documents = parse("a: pass\nb: [fail, pass]\nc: fail|pass\n");
    EXPECT_EQ(documents[0]["a"].words(), std::set<std::string>({"pass"}));
    EXPECT_EQ(documents[0]["b"].words(), std::set<std::string>({"fail", "pass"}));
    EXPECT_EQ(documents[0]["c"].words(), std::set<std::string>({"fail", "pass"}));
    EXPECT_FALSE(documents[0]["d"].present());
}

TEST(SuiteLoader, builds_zones) {
    const auto documents = parse(
        "a.example: [{SPF: v=spf1 -all}, TIMEOUT]\n"
        "b.example: [{SPF: x}, {TXT: NONE}]\n"
        "c.example: [{SPF: x}, {TXT: NONE}, TIMEOUT]\n"
        "d.example: [{TXT: [one, two]}, {MX: [10, m.example]}, {A: SERVFAIL}]\n"
        "e.example: [{TXT: TIMEOUT}]\n");
    const dns::ZoneResolver zone = make_zone(documents[0]);
    using dns::Outcome;
    EXPECT_TRUE(ask(zone, "a.example", dns::RrType::txt)->found());
    EXPECT_TRUE(ask(zone, "a.example", dns::RrType::a)->failed());
    EXPECT_EQ(ask(zone, "b.example", dns::RrType::txt)->outcome, Outcome::no_data);
    EXPECT_TRUE(ask(zone, "c.example", dns::RrType::txt)->failed());
    const auto text = ask(zone, "d.example", dns::RrType::txt);
    ASSERT_TRUE(text->found());
    EXPECT_EQ(std::get<std::string>(text->records.front()), "onetwo");
    EXPECT_TRUE(ask(zone, "d.example", dns::RrType::a)->failed());
    EXPECT_EQ(ask(zone, "d.example", dns::RrType::aaaa)->outcome, Outcome::no_data);
    EXPECT_TRUE(ask(zone, "e.example", dns::RrType::txt)->failed());
    EXPECT_EQ(ask(zone, "f.example", dns::RrType::txt)->outcome, Outcome::nx_domain);
    EXPECT_EQ(ask(zone, "example", dns::RrType::txt)->outcome, Outcome::no_data);
}

struct Extent {
    const char* suite;
    const char* file;
    std::size_t cases;
};

// The numbers are those that the suites' own pages give.
constexpr Extent extents[] = {
    {"spf-rfc7208", "rfc7208-tests.yml", 203}, {"spf-mail-auth", "cases.yml", 163},
    {"dmarc-cases", "cases.yml", 123},         {"dkim-generated", "cases.yml", 420},
    {"dkim-opendkim", "cases.yml", 67},        {"dkim-mail-auth", "cases.yml", 8},
    {"from-header", "cases.yml", 125},         {"authres", "cases.yml", 41},
    {"dkim-canon", "cases.yml", 60},
};

TEST(SuiteLoader, reads_each_suite_whole) {
    for (const Extent& extent : extents) {
        GATEPOST_REQUIRE_SUITE(folder, extent.suite);
        std::size_t cases = 0;
        for (const Node& document : load_yaml(folder / extent.file)) {
            cases += cases_of(document).size();
            make_zone(document["zonedata"]);
            for (const SuiteCase& entry : cases_of(document))
                make_zone(entry.node["zonedata"]);
        }
        EXPECT_EQ(cases, extent.cases) << extent.suite;
    }
}

}  // namespace
}  // namespace gatepost::tests
