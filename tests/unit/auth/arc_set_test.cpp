// The structure of chains (RFC 8617 §4.2, §5.2 steps 1 to 3): what is put together, and the first thing
// wrong.
#include "auth/arc/arc_set.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth::arc {
namespace {

TEST(ArcInstance, is_one_or_two_digits_up_to_50) {  // RFC 8617 §3.9, §4.2.1
    const std::pair<const char*, unsigned> table[] = {
        {"1", 1},     {"50", 50}, {"01", 1}, {" 7\t", 7}, {"(one) 9 (two)", 9},
        {"0", 0},     {"00", 0},  {"51", 0}, {"001", 0},  {"100", 0},
        {"", 0},      {"x", 0},   {"1x", 0}, {"1 1", 0},  {"+1", 0},
        {"-1", 0},    {"1.", 0},  {"(1", 0}, {"1;", 0},   {"0x1", 0},
        {"1\r\n", 0},
    };
    for (const auto& [text, instance] : table)
        EXPECT_EQ(parse_instance(text).value_or(0), instance) << text;
}

TEST(ArcInstance, comes_first_in_the_results) {  // RFC 8617 §4.1.1
    const std::pair<const char*, unsigned> table[] = {
        {" i=1; mx; none", 1},
        {"i=1;", 1},
        {"\r\n\ti (a;b) =\r\n 12 (;) ;mx", 12},
        {" mx; i=1", 0},
        {" i=1 mx; none", 0},
        {" i=; mx", 0},
        {" I=1; mx", 0},  // %s"i": with case
        {" i=1", 0},
        {" i=51; mx", 0},
        {" i=111; mx", 0},
        {" (i=1; mx", 0},
        {"", 0},
    };
    for (const auto& [value, instance] : table)
        EXPECT_EQ(instance_of_results(value).value_or(0), instance) << value;
}

std::string results(const std::string& i) {
    return "ARC-Authentication-Results: i=" + i + "; mx; none\r\n";
}
std::string signature(const std::string& i) {
    return "ARC-Message-Signature: a=b; i=" + i + "\r\n";
}
std::string seal(const std::string& i, const std::string& cv) {
    return "arc-seal: i=" + i + "; cv=" + cv + "\r\n";
}
std::string set(const std::string& i, const std::string& cv) {
    return results(i) + signature(i) + seal(i, cv);
}

struct Case {
    std::string header;
    std::string fault;
    std::size_t sets;
    bool newest_says_fail = false;
};

void expect_sets(const std::vector<Case>& table) {
    for (const Case& c : table) {
        const auto block = HeaderBlock::parse("Subject: x\r\n" + c.header + "\r\n");
        const ArcSets found = collect_sets(*block);
        EXPECT_TRUE(found.any) << c.header;
        EXPECT_EQ(found.fault, c.fault) << c.header;
        EXPECT_EQ(found.sets.size(), c.sets) << c.header;
        EXPECT_EQ(found.newest_says_fail, c.newest_says_fail) << c.header;
    }
}

TEST(ArcSets, are_complete_and_in_sequence) {  // RFC 8617 §5.2 step 3 A, B
    std::string fifty;
    for (int i = 50; i >= 1; --i)
        fifty += set(std::to_string(i), i == 1 ? "none" : "pass");
    expect_sets({
        {set("1", "none"), "", 1},
        {set("1", "none") + set("2", "pass"), "", 2},  // the order of the fields does not matter
        {set("2", "pass") + set("1", "none"), "", 2},
        {set("01", "none"), "", 1},
        {fifty, "", 50},
        {set("51", "pass") + fifty, "ARC-Authentication-Results without an instance", 50},
        {set("2", "pass"), "no ARC set i=1", 1},
        {set("3", "pass") + set("1", "none"), "no ARC set i=2", 2},
        {signature("1") + seal("1", "none"), "no ARC-Authentication-Results i=1", 1},
        {results("1") + seal("1", "none"), "no ARC-Message-Signature i=1", 1},
        {results("1") + signature("1"), "no ARC-Seal i=1", 1},
        {set("2", "pass") + results("1"), "no ARC-Message-Signature i=1", 2},
        {set("1", "none") + results("1"), "ARC-Authentication-Results i=1 twice", 1},
        {set("1", "none") + signature("01"), "ARC-Message-Signature i=1 twice", 1},
        {set("1", "none") + seal("1", "none"), "ARC-Seal i=1 twice", 1},
        {set("1", "none") + signature("0"), "ARC-Message-Signature without an instance", 1},
        {set("1", "none") + seal("x", "none"), "ARC-Seal without an instance", 1},
        {set("1", "none") + "ARC-Seal: cv=none\r\n", "ARC-Seal without an instance", 1},
        {set("1", "none") + "ARC-Seal: i=1; i=2\r\n", "ARC-Seal: a tag twice: i", 1},
        {"ARC-Seal:\r\n", "ARC-Seal: a tag without an equals sign", 0},
        {"ARC-Authentication-Results: mx; none\r\n", "ARC-Authentication-Results without an instance", 0},
    });
}

TEST(ArcSets, say_how_the_chain_fared_before) {  // RFC 8617 §5.2 steps 2 and 3 C
    expect_sets({
        {set("1", "pass"), "ARC-Seal i=1 has a cv= that its place in the chain forbids", 1},
        {set("1", "fail"), "ARC-Seal i=1 says cv=fail", 1, true},
        {set("1", "FAIL"), "ARC-Seal i=1 says cv=fail", 1, true},
        {set("1", "(so far) None"), "", 1},
        {set("1", ""), "ARC-Seal i=1 without a valid cv=", 1},
        {set("1", "neutral"), "ARC-Seal i=1 without a valid cv=", 1},
        {results("1") + signature("1") + "ARC-Seal: i=1\r\n", "ARC-Seal i=1 without a valid cv=", 1},
        {set("2", "none") + set("1", "none"), "ARC-Seal i=2 has a cv= that its place in the chain forbids",
         2},
        {set("2", "pass") + set("1", "fail"), "ARC-Seal i=1 says cv=fail", 2},
        // Step 2 comes before the structure: whatever else is wrong.
        {set("3", "fail") + set("1", "none"), "ARC-Seal i=3 says cv=fail", 2, true},
        {seal("2", "pass") + seal("2", "fail"), "ARC-Seal i=2 says cv=fail", 1, true},
        {seal("2", "fail") + "ARC-Seal: x\r\n", "ARC-Seal i=2 says cv=fail", 1, true},
        {results("3") + seal("2", "fail"), "no ARC set i=1", 2},
    });
}

TEST(ArcSets, are_none_without_an_arc_field) {
    for (const char* header : {"\r\n", "From: a@example.org\r\nX-ARC-Seal: i=1\r\nARC-Seals: i=1\r\n\r\n"}) {
        const auto block = HeaderBlock::parse(header);
        const ArcSets found = collect_sets(*block);
        EXPECT_FALSE(found.any);
        EXPECT_EQ(found.fault, "");
        EXPECT_TRUE(found.sets.empty());
    }
}

}  // namespace
}  // namespace gatepost::auth::arc
