// The vectors of the Public Suffix List: checkPublicSuffix('input', 'registrable domain') or null for either.
#include "tests/support/suite.hpp"

#include "auth/dmarc/public_suffix.hpp"

#include "dns/idna.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace gatepost::tests {
namespace {

// The next argument of a vector, its quotes cut off; nullopt: null.
std::optional<std::string> take_argument(std::string_view& rest) {
    if (rest.starts_with("null")) {
        rest.remove_prefix(4);
        return std::nullopt;
    }
    const auto end = rest.find('\'', 1);
    std::string argument(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return argument;
}

std::optional<dns::DomainName> registrable(const std::optional<std::string>& input) {
    const auto domain = input ? dns::to_ascii(*input) : std::nullopt;
    return domain ? auth::dmarc::registrable_domain(*domain) : std::nullopt;
}

TEST(Suite, psl) {
    GATEPOST_REQUIRE_SUITE(folder, "psl");
    Tally tally("psl");
    std::istringstream lines(load_octets(folder / "test_psl.txt"));
    for (std::string line; std::getline(lines, line);) {
        std::string_view rest = line;
        constexpr std::string_view call = "checkPublicSuffix(";
        if (!rest.starts_with(call)) continue;
        rest.remove_prefix(call.size());
        const auto input = take_argument(rest);
        ASSERT_TRUE(rest.starts_with(", ")) << line;
        rest.remove_prefix(2);
        const auto expected = take_argument(rest);
        const auto expected_domain = expected ? dns::to_ascii(*expected) : std::nullopt;
        ASSERT_EQ(expected.has_value(), expected_domain.has_value()) << line;
        const bool holds = registrable(input) == expected_domain;
        EXPECT_TRUE(holds) << line;
        tally.count(line, holds);
    }
    EXPECT_EQ(tally.total(), 78U);
}

}  // namespace
}  // namespace gatepost::tests
