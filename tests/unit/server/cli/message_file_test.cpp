#include "server/cli/message_file.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace gatepost::server::cli {
namespace {

TEST(MessageFile, converts_only_what_ends_every_line_in_a_bare_lf) {
    struct Case {
        std::string text, octets;
        bool converted, bare;
    };
    const Case table[] = {
        {"A: b\n\nbody\n", "A: b\r\n\r\nbody\r\n", true, false},
        {"A: b\n\nno end", "A: b\r\n\r\nno end", true, false},
        {"A: b\r\n\r\nbody\r\n", "A: b\r\n\r\nbody\r\n", false, false},
        {"A: b\r\n\r\nmixed\n", "A: b\r\n\r\nmixed\n", false, true},
        {"A: b\n\nmixed\r\n", "A: b\n\nmixed\r\n", false, true},
        {"A: b\n\na\rb\n", "A: b\r\n\r\na\rb\r\n", true, true},
        {"A: b\r", "A: b\r", false, true},
        {"A: b\r\r\n", "A: b\r\r\n", false, true},
        {"", "", false, false},
        {"A: b", "A: b", false, false},
    };
    for (const auto& row : table) {
        const auto file = make_message_file(row.text);
        EXPECT_EQ(file.octets, row.octets) << row.text;
        EXPECT_EQ(file.converted, row.converted) << row.text;
        EXPECT_EQ(file.bare_cr_or_lf, row.bare) << row.text;
    }
}

TEST(MessageFile, is_parted_at_the_first_empty_line) {
    struct Case {
        std::string text, header, body;
    };
    const Case table[] = {
        {"A: b\r\n\r\nbody\r\n\r\nmore\r\n", "A: b\r\n\r\n", "body\r\n\r\nmore\r\n"},
        {"A: b\r\n", "A: b\r\n", ""},
        {"A: b\r\n\r\n", "A: b\r\n\r\n", ""},
        {"\r\nbody\r\n", "\r\n", "body\r\n"},
        {"\r\n\r\nbody\r\n", "\r\n", "\r\nbody\r\n"},
        {"", "", ""},
    };
    for (const auto& row : table) {
        const auto file = make_message_file(row.text);
        EXPECT_EQ(file.header(), row.header) << row.text;
        EXPECT_EQ(file.body(), row.body) << row.text;
    }
}

TEST(MessageFile, is_read_from_standard_input_within_a_bound) {
    std::istringstream in("A: b\n\nbody\n");
    std::ostringstream err;
    EXPECT_EQ(read_message_file("-", 100, in, err)->octets, "A: b\r\n\r\nbody\r\n");
    std::istringstream large(std::string(200'000, 'x'));
    EXPECT_FALSE(read_message_file("-", 199'999, large, err));
    EXPECT_EQ(err.str(), "gatepost: - is larger than limits.message_size\n");
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
