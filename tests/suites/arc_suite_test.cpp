// The public suite of ARC validation (arc-valimail): whole messages with chains, and what a validator must
// say of them.
#include "tests/suites/dkim_suite.hpp"
#include "tests/support/run.hpp"

#include "auth/arc/validate_chain.hpp"
#include "auth/message/header_block.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gatepost::tests {
namespace {

using auth::arc::Chain;

// Later than every signature of the suite: 2025-06-15.
const std::chrono::system_clock::time_point now{std::chrono::seconds(1'750'000'000)};

const Exceptions exceptions = {
    // No c= and signed relaxed. RFC 8617 §4.1.2 takes the syntax and semantics of DKIM-Signature, whose
    // default is simple/simple; so taken, the hashes differ.
    {"ams_fields_c_na", "RFC 6376 §3.5 c="},
};

// The suite writes line ends as LF.
std::string with_crlf(const std::string& text) {
    std::string octets;
    for (const char c : text)
        octets += c == '\n' ? "\r\n" : std::string(1, c);
    return octets;
}

// `txt-records`: text by name; line breaks in it are the file's.
dns::ZoneResolver zone_of(const Node& records) {
    dns::ZoneResolver zone;
    for (const auto& [name, value] : records.entries()) {
        std::string text = value.text();
        std::erase(text, '\n');
        zone.add(dns::DomainName::parse(name).value(), dns::RrType::txt, text);
    }
    return zone;
}

// cv: a word, or empty where the chain itself says that it failed (RFC 8617 §5.2 steps 2 and 3).
std::string expected_result(const Node& test) {
    const std::string cv = test["cv"].text_or("");
    if (cv == "Pass") return "pass";
    if (cv == "None") return "none";
    return "fail";
}

boost::asio::awaitable<int> fetch(auth::arc::Validator& validator, dns::Resolver& resolver) {
    co_await validator.fetch_keys(resolver);
    co_return 0;
}

Chain validate(const std::string& octets, dns::Resolver& resolver, std::size_t chunk) {
    const SplitMessage message = split_message(octets);
    auth::arc::Validator validator(auth::HeaderBlock::parse(message.header), {}, now);
    run(fetch(validator, resolver));
    const std::size_t step = chunk == 0 ? std::max<std::size_t>(message.body.size(), 1) : chunk;
    for (std::size_t at = 0; at < message.body.size(); at += step)
        validator.body(std::string_view(message.body).substr(at, step));
    return validator.finish();
}

TEST(ArcSuite, validation) {
    GATEPOST_REQUIRE_SUITE(folder, "arc-valimail");
    Tally tally("arc-valimail (validation)");
    for (const Node& document : load_yaml(folder / "arc-draft-validation-tests.yml")) {
        dns::ZoneResolver zone = zone_of(document["txt-records"]);
        // Four ids of one document stand twice: a YAML map has a key once, and the last one counts.
        std::map<std::string, Node> tests;
        for (const SuiteCase& test : cases_of(document))
            tests[test.id] = test.node;
        for (const auto& [id, test] : tests) {
            const std::string octets = with_crlf(test["message"].text());
            const Chain whole = validate(octets, zone, 0);
            const Chain pieces = validate(octets, zone, 3);
            EXPECT_EQ(whole.result, pieces.result) << id;
            EXPECT_EQ(whole.reason, pieces.reason) << id;
            const bool held = to_string(whole.result) == expected_result(test);
            tally.count(id, held);
            EXPECT_EQ(held, !exceptions.contains(id))
                << id << ", " << test["description"].text_or("") << ": got " << to_string(whole.result)
                << " (" << whole.reason << ")";
            EXPECT_FALSE(whole.temporary) << id;
        }
    }
    EXPECT_EQ(tally.total(), 171U);
}

}  // namespace
}  // namespace gatepost::tests
