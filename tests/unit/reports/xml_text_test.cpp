#include "reports/aggregate/xml_text.hpp"

#include <gtest/gtest.h>

namespace gatepost::reports::aggregate {
namespace {

#define FFFD "\xEF\xBF\xBD"

struct Case {
    std::string_view text;
    std::string_view want;
    const char* section;
};

constexpr Case cases[] = {
    {"", "", "empty"},
    {"example.org", "example.org", "as it is"},
    {"<a> & \"b\" ]]>", "<a> & \"b\" ]]>", "mark-up is the XML writer's work"},
    {std::string_view("a\0b", 3), "a" FFFD "b", "XML 1.0 §2.2: no NUL"},
    {"\x01\x1b[31m", FFFD FFFD "[31m", "XML 1.0 §2.2: no control characters"},
    {"a\r\nb\tc", "a  b c", "one line"},
    {"\x7f\xc2\x85", FFFD FFFD, "XML 1.0 §2.2: discouraged"},
    {"m\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x93\xa7", "m\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x93\xa7",
     "RFC 3629 §3"},
    {"m\xfcnchen", "m" FFFD "nchen", "RFC 3629 §4: Latin-1 is no UTF-8"},
    {"\xc0\xaf", FFFD FFFD, "RFC 3629 §10: overlong"},
    {"\xe0\x80\xaf", FFFD FFFD FFFD, "RFC 3629 §10: overlong"},
    {"\xf0\x80\x80\x80", FFFD FFFD FFFD FFFD, "RFC 3629 §10: overlong"},
    {"\xed\xa0\x80", FFFD FFFD FFFD, "RFC 3629 §3: surrogate"},
    {"\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, "RFC 3629 §3: above U+10FFFF"},
    {"\xf5\x80", FFFD FFFD, "RFC 3629 §4"},
    {"a\xe2\x82", "a" FFFD FFFD, "cut off"},
    {"\xe2(\xa1", FFFD "(" FFFD, "RFC 3629 §4: broken continuation"},
    {"\xef\xbf\xbe\xef\xbf\xbf", FFFD FFFD, "XML 1.0 §2.2: U+FFFE, U+FFFF"},
};

TEST(XmlText, MakesTextSafe) {
    for (const Case& c : cases)
        EXPECT_EQ(xml_text(c.text), c.want) << c.section;
}

TEST(XmlText, CutsBetweenCharacters) {
    std::string euros;
    for (int i = 0; i < 1000; ++i)
        euros += "\xe2\x82\xac";
    const std::string got = xml_text(euros);
    EXPECT_LE(got.size(), max_text_octets);
    EXPECT_GT(got.size(), max_text_octets - 3);
    EXPECT_EQ(got, euros.substr(0, got.size() / 3 * 3));
    EXPECT_LE(xml_text(std::string(100'000, '\x01')).size(), max_text_octets);
}

}  // namespace
}  // namespace gatepost::reports::aggregate
