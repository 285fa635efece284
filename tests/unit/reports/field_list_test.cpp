#include "reports/store/field_list.hpp"

#include <gtest/gtest.h>

namespace gatepost::reports::store {
namespace {

using Fields = std::vector<std::string>;

TEST(FieldList, ReadsBackWhatItWrote) {
    const Fields cases[] = {{},
                            {""},
                            {"", ""},
                            {"example.org", "s1", "pass", ""},
                            {"3:abc,", ",", ":"},
                            {std::string("a\0b", 3), "\x1f\x1e\xff", "line\r\nline"}};
    for (const Fields& fields : cases) {
        const auto got = read_fields(write_fields(fields));
        ASSERT_TRUE(got.has_value()) << write_fields(fields);
        EXPECT_EQ(*got, fields);
    }
}

TEST(FieldList, DifferentListsAreDifferentTexts) {
    EXPECT_NE(write_fields({"ab", "c"}), write_fields({"a", "bc"}));
    EXPECT_NE(write_fields({}), write_fields({""}));
    EXPECT_NE(write_fields({"1:a,"}), write_fields({"a"}));
}

TEST(FieldList, RefusesWhatItDidNotWrite) {
    for (const char* text : {"3:ab,", "3:abcd", ":", "x:a,", "3abc,", "2:ab", "-1:a,",
                             "18446744073709551615:a,", "99999999999999999999999:a,", "0:,1", "1:a,,"})
        EXPECT_FALSE(read_fields(text).has_value()) << text;
}

}  // namespace
}  // namespace gatepost::reports::store
