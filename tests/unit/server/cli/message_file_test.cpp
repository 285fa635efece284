#include "server/cli/message_file.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace gatepost::server::cli {
namespace {

TEST(MessageFile, converts_only_what_ends_every_line_in_a_bare_lf) {
    struct Case {
        std::string text, octets;
        bool converted;
    };
    const Case table[] = {
        {"A: b\n\nbody\n", "A: b\r\n\r\nbody\r\n", true},
        {"A: b\n\nno end", "A: b\r\n\r\nno end", true},
        {"A: b\r\n\r\nbody\r\n", "A: b\r\n\r\nbody\r\n", false},
        {"A: b\r\n\r\nmixed\n", "A: b\r\n\r\nmixed\n", false},
        {"A: b\n\nmixed\r\n", "A: b\n\nmixed\r\n", false},
        {"A: b\n\na\rb\n", "A: b\r\n\r\na\rb\r\n", true},
        {"A: b\r", "A: b\r", false},
        {"A: b\r\r\n", "A: b\r\r\n", false},
        {"", "", false},
        {"A: b", "A: b", false},
    };
    for (const auto& row : table) {
        const auto file = make_message_file(row.text);
        EXPECT_EQ(file.octets, row.octets) << row.text;
        EXPECT_EQ(file.converted, row.converted) << row.text;
    }
}

TEST(MessageFile, is_read_from_standard_input_within_a_bound) {
    std::istringstream in("A: b\n\nbody\n");
    std::ostringstream err;
    EXPECT_EQ(read_message_file("-", 100, in, err)->octets, "A: b\r\n\r\nbody\r\n");
    std::istringstream large(std::string(200'000, 'x'));
    EXPECT_GT(read_message_file("-", 100, large, err)->octets.size(), 100U);
    EXPECT_LT(large.tellg(), 200'000);
    EXPECT_EQ(err.str(), "");
}

TEST(MessageFile, tells_why_it_cannot_be_read) {
    std::istringstream in;
    std::ostringstream err;
    EXPECT_FALSE(read_message_file("/nowhere/m.eml", 100, in, err));
    EXPECT_EQ(err.str(), "gatepost: cannot read /nowhere/m.eml: No such file or directory\n");
    err.str("");
    EXPECT_FALSE(read_message_file("/", 100, in, err));
    EXPECT_EQ(err.str(), "gatepost: cannot read /: input error\n");
}

}  // namespace
}  // namespace gatepost::server::cli
