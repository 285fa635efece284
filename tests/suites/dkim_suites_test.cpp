// The public suites of DKIM messages and of canonicalization vectors.
#include "tests/suites/dkim_suite.hpp"

#include "auth/base64.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/dkim/canonicalization.hpp"

#include <gtest/gtest.h>

namespace gatepost::tests {
namespace {

using auth::dkim::BodyCanonicalizer;
using auth::dkim::Canonicalization;

// Later than every signature of the suites that need no clock: 2025-06-15.
const std::chrono::system_clock::time_point now{std::chrono::seconds(1'750'000'000)};

TEST(DkimSuites, generated) {
    GATEPOST_REQUIRE_SUITE(folder, "dkim-generated");
    Tally tally("dkim-generated");
    run_dkim_suite(folder, tally, {}, now);
    EXPECT_EQ(tally.total(), 420U);
}

TEST(DkimSuites, opendkim) {
    GATEPOST_REQUIRE_SUITE(folder, "dkim-opendkim");
    const Exceptions exceptions = {
        // Altered in transit and signed with rsa-sha1. The suite expects the hash to tell; RFC 8301 §3.1 has
        // such
        // signatures fail for good by their algorithm, so that nothing is hashed: permerror.
        {"t068", "RFC 8301 §3.1"},
        {"t073", "RFC 8301 §3.1"},
        {"t094", "RFC 8301 §3.1"},
    };
    Tally tally("dkim-opendkim");
    run_dkim_suite(folder, tally, exceptions, now);
    EXPECT_EQ(tally.total(), 67U);
}

TEST(DkimSuites, mail_auth) {
    GATEPOST_REQUIRE_SUITE(folder, "dkim-mail-auth");
    Tally tally("dkim-mail-auth");
    run_dkim_suite(folder, tally, {}, now);
    EXPECT_EQ(tally.total(), 8U);
}

TEST(DkimSuites, chasquid) {
    GATEPOST_REQUIRE_SUITE(folder, "dkim-chasquid");
    Tally tally("dkim-chasquid");
    run_dkim_suite(folder, tally, {}, now);
    EXPECT_EQ(tally.total(), 10U);
}

std::string canonical_body(Canonicalization canonicalization, const std::string& body) {
    std::string out;
    BodyCanonicalizer canonicalizer(canonicalization, [&](std::string_view octets) { out += octets; });
    canonicalizer.update(body);
    canonicalizer.finish();
    return out;
}

TEST(DkimSuites, canonicalization) {
    GATEPOST_REQUIRE_SUITE(folder, "dkim-canon");
    Tally tally("dkim-canon");
    const auto documents = load_yaml(folder / "cases.yml");
    ASSERT_EQ(documents.size(), 1U);
    for (const SuiteCase& test : cases_of(documents.front())) {
        const auto canonicalization =
            test.node["canon"].text() == "simple" ? Canonicalization::simple : Canonicalization::relaxed;
        const std::string input = decode_base64(test.node["input_b64"].text());
        const std::string expected = decode_base64(test.node["output_b64"].text());
        std::string output;
        if (test.node["kind"].text() == "header")
            canonicalize_header_field(canonicalization, input, output);
        else
            output = canonical_body(canonicalization, input);
        bool held = output == expected;
        if (test.node["sha256"].present())
            held = held && auth::base64_encode(auth::crypto::sha256(output)) == test.node["sha256"].text();
        tally.count(test.id, held);
        EXPECT_TRUE(held) << test.id << ": " << testing::PrintToString(output);
    }
    EXPECT_EQ(tally.total(), 60U);
}

}  // namespace
}  // namespace gatepost::tests
