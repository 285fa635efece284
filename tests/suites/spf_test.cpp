// The SPF suites: check_host() against the zones of RFC 7208's own test suite and of spf-mail-auth.
#include "tests/support/run.hpp"
#include "tests/support/suite.hpp"

#include "auth/spf/check_host.hpp"

#include "dns/ascii.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace gatepost::tests {
namespace {

using auth::spf::Check;

// Cases whose explanation is compared without case: v-macro-ip6 has the nibbles of %{i} in capitals, where
// RFC 7208 §7.4 shows them in lower case.
constexpr std::string_view explanation_without_case = "v-macro-ip6";

// Cases that tell the result of the HELO identity, which that suite's program checks first (RFC 7208 §2.3).
// We check both identities on their own; check_host() of this MAIL FROM gives pass (§2.4).
constexpr std::string_view of_helo_identity = "helo-identity-1";

Check run_case(const SuiteCase& entry, dns::ZoneResolver& zone) {
    const Node& node = entry.node;
    const auto client = dns::IpAddress::parse(node["host"].text()).value();
    auth::spf::Request request(client, node["helo"].text(), node["mailfrom"].text(), "receiver.example",
                               std::chrono::system_clock::time_point());
    if (entry.id == of_helo_identity)
        return run(auth::spf::check_helo(std::move(request), zone, auth::spf::Limits()));
    return run(auth::spf::check_mail_from(std::move(request), zone, auth::spf::Limits()));
}

bool explained(const SuiteCase& entry, const Check& check) {
    const std::string expected = entry.node["explanation"].text_or("");
    // Our default explanation is the empty one (RFC 7208 §6.2).
    if (expected.empty()) return true;
    if (expected == "DEFAULT") return check.explanation.empty();
    if (entry.id == explanation_without_case) return ascii::equals_ignoring_case(check.explanation, expected);
    return check.explanation == expected;
}

void run_suite(std::string_view name, std::string_view file, std::size_t expected_cases) {
    const auto folder = suite_folder(name);
    Tally tally{std::string(name)};
    for (const Node& document : load_yaml(folder / file)) {
        dns::ZoneResolver zone = make_zone(document["zonedata"]);
        for (const SuiteCase& entry : cases_of(document)) {
            const Check check = run_case(entry, zone);
            const auto allowed = entry.node["result"].words();
            const bool right = allowed.contains(std::string(to_string(check.result)));
            EXPECT_TRUE(right) << name << ' ' << entry.id << " (RFC 7208 §" << entry.node["spec"].text_or("?")
                               << "): " << to_string(check.result) << ", " << check.reason << check.mechanism;
            EXPECT_TRUE(explained(entry, check)) << name << ' ' << entry.id << ": " << check.explanation;
            tally.count(entry.id, right && explained(entry, check));
        }
    }
    EXPECT_EQ(tally.total(), expected_cases);
}

TEST(SpfSuite, rfc7208) {
    GATEPOST_REQUIRE_SUITE(folder, "spf-rfc7208");
    run_suite("spf-rfc7208", "rfc7208-tests.yml", 203);
}

TEST(SpfSuite, mail_auth) {
    GATEPOST_REQUIRE_SUITE(folder, "spf-mail-auth");
    run_suite("spf-mail-auth", "cases.yml", 163);
}

}  // namespace
}  // namespace gatepost::tests
