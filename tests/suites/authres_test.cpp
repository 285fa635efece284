// The suite authres: foreign Authentication-Results at a border host.
#include "tests/support/suite.hpp"

#include "auth/results/parse_results.hpp"
#include "auth/results/remove_claims.hpp"

#include "dns/ascii.hpp"

#include <gtest/gtest.h>

namespace gatepost::tests {
namespace {

bool holds(const SuiteCase& test, const std::string& our_id) {
    const auto header = auth::HeaderBlock::parse(decode_base64(test.node["header_b64"].text()));
    EXPECT_EQ(header->fields().size(), 1U) << test.id;
    const auth::HeaderField& field = header->fields().front();
    const std::string expected = test.node["remove"].text();
    const std::string actual = auth::results::ClaimFinder({our_id}).is_claim(field) ? "true" : "false";
    bool held = expected == "either" || expected == actual;
    EXPECT_TRUE(held) << test.id << ": remove is " << actual;
    const auto parsed = auth::results::parse_results(auth::unfold(field.value));
    if (parsed && test.node["authserv_id"].present()) {
        const bool same = ascii::equals_ignoring_case(parsed->authserv_id, test.node["authserv_id"].text());
        EXPECT_TRUE(same) << test.id << ": " << parsed->authserv_id;
        held = held && same;
    }
    return held;
}

TEST(Suite, authres) {
    GATEPOST_REQUIRE_SUITE(folder, "authres");
    Tally tally("authres");
    for (const Node& document : load_yaml(folder / "cases.yml"))
        for (const SuiteCase& test : cases_of(document))
            tally.count(test.id, holds(test, document["our_authserv_id"].text()));
    EXPECT_EQ(tally.total(), 41U);
}

}  // namespace
}  // namespace gatepost::tests
