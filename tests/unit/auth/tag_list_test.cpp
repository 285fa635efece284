#include "auth/tag_list.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth {
namespace {

std::string written(std::string_view text) {
    const auto list = TagList::parse(text);
    if (!list) return "invalid";
    std::string out;
    for (const Tag& tag : list->tags()) {
        out += tag.name;
        out += '=';
        out += tag.value;
        out += '|';
    }
    return out;
}

TEST(TagList, parses) {
    const struct {
        std::string_view text, expected;
    } cases[] = {
        // RFC 6376 §3.2
        {"a=1", "a=1|"},
        {"a=1;", "a=1|"},
        {"a=1; \r\n ", "a=1|"},
        {" a = 1 ;\tb_2\r\n = x y ", "a=1|b_2=x y|"},
        {"a=", "a=|"},
        {"a=;b=", "a=|b=|"},
        {"a=b=c", "a=b=c|"},
        {"a=x\r\n y", "a=x\r\n y|"},
        {"a=1;A=2", "a=1|A=2|"},
        {"a=\xc3\xa9", "a=\xc3\xa9|"},
        // invalid
        {"", "invalid"},
        {" ", "invalid"},
        {";", "invalid"},
        {"a=1;;b=2", "invalid"},
        {"a=1;;", "invalid"},
        {"a=1; ;", "invalid"},
        {";a=1", "invalid"},
        {"a", "invalid"},
        {"a=1;b", "invalid"},
        {"=1", "invalid"},
        {"1a=1", "invalid"},
        {"_a=1", "invalid"},
        {"a-b=1", "invalid"},
        {"a b=1", "invalid"},
        {"a=1;a=1", "invalid"},
        {"zz=1;b=2;zz=", "invalid"},
        {"a=x\ny", "invalid"},
        {"a=x\ry", "invalid"},
        {"a=x\r\ny", "invalid"},
        {"a=x\r\n", "invalid"},
        {"a=\x7f", "invalid"},
        {std::string_view("a=\0", 3), "invalid"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(written(c.text), c.expected) << c.text;
}

TEST(TagList, tells_absent_from_empty_and_keeps_the_spelling) {
    const std::string_view text = "a= 1 ; b=";
    const auto list = TagList::parse(text);
    ASSERT_TRUE(list.has_value());
    EXPECT_EQ(list->find("a")->spelled, " 1 ");
    EXPECT_EQ(list->value("b"), "");
    EXPECT_EQ(list->value("c"), std::nullopt);
    EXPECT_EQ(list->find("A"), nullptr);
}

TEST(TagList, bounds_the_number_of_tags) {
    std::string text;
    for (std::size_t i = 0; i < TagList::max_tags; ++i)
        text += "t" + std::to_string(i) + "=;";
    EXPECT_TRUE(TagList::parse(text).has_value());
    text += "more=";
    EXPECT_FALSE(TagList::parse(text).has_value());
}

}  // namespace
}  // namespace gatepost::auth
