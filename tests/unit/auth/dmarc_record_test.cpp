#include "auth/dmarc/record.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth::dmarc {
namespace {

TEST(DmarcRecord, begins_with_exactly_its_version) {  // RFC 9989 §4.7, v
    for (const char* text : {"v=DMARC1", "v=DMARC1;", "v = DMARC1 ; p=none", "V=DMARC1", "v\t=\tDMARC1;p=x"})
        EXPECT_TRUE(parse_record(text)) << text;
    for (const char* text :
         {"", "v", "v=", "v=dmarc1", "v=DMARC2", "v=DMARC10", "v=DMARC1 p=none", " v=DMARC1", "\"v=DMARC1\"",
          "p=none; v=DMARC1", "vv=DMARC1", "=DMARC1", ";v=DMARC1"})
        EXPECT_FALSE(parse_record(text)) << text;
}

struct PolicyCase {
    const char* tags;
    bool applies;
    Policy p;
    std::optional<Policy> sp;
    std::optional<Policy> np;
};

TEST(DmarcRecord, policies_fall_back_to_none_where_reports_are_wanted) {  // RFC 9989 §4.10.1
    constexpr Policy none = Policy::none;
    constexpr Policy quarantine = Policy::quarantine;
    constexpr Policy reject = Policy::reject;
    const std::vector<PolicyCase> table{
        {"p=reject", true, reject, {}, {}},
        {"P=Reject; SP=QUARANTINE; np=none", true, reject, quarantine, none},
        {"rua=mailto:a@b.example; p=reject", true, reject, {}, {}},
        {"p=reject; p=none", true, reject, {}, {}},  // RFC 6376 §3.2: the second one is an error, ignored
        {"p=none; p=reject", true, none, {}, {}},
        {"", false, none, {}, {}},
        {"p=", false, none, {}, {}},
        {"p=rejected", false, none, {}, {}},
        {"p=reject; sp=x", false, none, {}, {}},
        {"p=reject; np=", false, none, {}, {}},
        {"rua=mailto:a@b.example", true, none, {}, {}},
        {"p=reject; sp=x; np=reject; rua=mailto:a@b.example", true, none, {}, {}},
        {"sp=reject; rua=mailto:a@b.example", true, none, {}, {}},
        {"p=x; rua=a@b.example", false, none, {}, {}},
        {"p=re\xc3\xa9; rua=", false, none, {}, {}},
    };
    for (const PolicyCase& entry : table) {
        const auto parsed = parse_record(std::string("v=DMARC1; ") + entry.tags);
        ASSERT_TRUE(parsed) << entry.tags;
        EXPECT_EQ(parsed->applies, entry.applies) << entry.tags;
        EXPECT_EQ(parsed->record.p, entry.p) << entry.tags;
        EXPECT_EQ(parsed->record.sp, entry.sp) << entry.tags;
        EXPECT_EQ(parsed->record.np, entry.np) << entry.tags;
    }
}

TEST(DmarcRecord, other_tags_have_defaults) {  // RFC 9989 §4.7
    const auto plain = parse_record("v=DMARC1;p=none");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->record.adkim, AlignmentMode::relaxed);
    EXPECT_EQ(plain->record.aspf, AlignmentMode::relaxed);
    EXPECT_FALSE(plain->record.testing);
    EXPECT_EQ(plain->record.psd, std::nullopt);
    EXPECT_EQ(plain->record.text, "v=DMARC1;p=none");
    const auto full = parse_record(
        "v=DMARC1; p=none; adkim=S; aspf = s; t=Y; psd=y; fo=1:d:s; rua=mailto:a@b.example!10m; ruf=x:y; "
        "garbage; =z; a b=c; x9=1;; pct=50");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->record.adkim, AlignmentMode::strict);
    EXPECT_EQ(full->record.aspf, AlignmentMode::strict);
    EXPECT_TRUE(full->record.testing);
    EXPECT_EQ(full->record.psd, true);
    EXPECT_EQ(full->record.fo, "1:d:s");
    EXPECT_EQ(full->record.rua, "mailto:a@b.example!10m");
    EXPECT_EQ(full->record.ruf, "x:y");
    const auto invalid = parse_record("v=DMARC1; p=none; adkim=x; aspf=; t=maybe; psd=u; fo=0:1");
    ASSERT_TRUE(invalid);
    EXPECT_EQ(invalid->record.adkim, AlignmentMode::relaxed);
    EXPECT_EQ(invalid->record.aspf, AlignmentMode::relaxed);
    EXPECT_FALSE(invalid->record.testing);
    EXPECT_EQ(invalid->record.psd, std::nullopt);
    EXPECT_EQ(invalid->record.fo, "");
    EXPECT_EQ(parse_record("v=DMARC1; p=none; psd=n")->record.psd, false);
}

TEST(DmarcRecord, failure_options_follow_their_grammar) {  // RFC 9989 §4.8, dmarc-fo
    for (const char* fo : {"0", "1", "d", "s", "0:d", "d:0", "1:d:s", "d:s", "s:1:d"})
        EXPECT_EQ(parse_record(std::string("v=DMARC1;p=none;fo=") + fo)->record.fo, fo);
    for (const char* fo : {"", ":", "2", "0:1", "0:0", "d:d", "s:d:s", "0:", "01"})
        EXPECT_EQ(parse_record(std::string("v=DMARC1;p=none;fo=") + fo)->record.fo, "") << fo;
}

TEST(DmarcRecord, knows_a_valid_uri) {  // RFC 9989 §4.8, RFC 3986 §3
    for (const char* list : {"mailto:a@b.example", "x, mailto:a@b.example", "mailto:a@b.example!10m",
                             "https://b.example/r?x=%41", "MAILTO:a@b.example!7", " mailto:a@b.example\t,"})
        EXPECT_TRUE(has_valid_uri(list)) << list;
    for (const char* list : {"", ",", "a@b.example", "mailto:", ":x", "1x:y", "mailto:a b@c.example",
                             "mailto:a@b.example!xx", "mailto:a!b@c.example", "mailto:%4", "mailto:\xc3\xa9"})
        EXPECT_FALSE(has_valid_uri(list)) << list;
}

TEST(DmarcRecord, test_mode_takes_one_level_off) {  // RFC 9989 §4.7, t
    EXPECT_EQ(one_level_below(Policy::reject), Policy::quarantine);
    EXPECT_EQ(one_level_below(Policy::quarantine), Policy::none);
    EXPECT_EQ(one_level_below(Policy::none), Policy::none);
}

}  // namespace
}  // namespace gatepost::auth::dmarc
