#include "dns/ascii.hpp"

#include <gtest/gtest.h>

#include <array>

namespace gatepost::ascii {
namespace {

TEST(Ascii, OneOfIgnoringCase) {
    EXPECT_TRUE(is_one_of_ignoring_case("mx", {"NS", "MX"}));
    EXPECT_FALSE(is_one_of_ignoring_case("m", {"NS", "MX"}));
    EXPECT_FALSE(is_one_of_ignoring_case("", {"NS", "MX"}));
    constexpr std::array<std::string_view, 1> words{"HOST:"};
    EXPECT_TRUE(is_one_of_ignoring_case("Host:", words));
}

TEST(Ascii, Hex) {
    constexpr std::array<std::uint8_t, 4> octets{0x00, 0x0f, 0xa0, 0xff};
    EXPECT_EQ(to_hex(octets), "000fa0ff");
    EXPECT_EQ(to_hex({}), "");
}

}  // namespace
}  // namespace gatepost::ascii
