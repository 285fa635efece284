#include "tests/suites/dkim_suite.hpp"

#include "tests/support/run.hpp"

#include "auth/dkim/verify_signature.hpp"
#include "auth/message/author_domain.hpp"
#include "auth/message/header_block.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace gatepost::tests {
namespace {

using auth::dkim::Signature;
using std::chrono::system_clock;

boost::asio::awaitable<int> fetch(auth::dkim::Verifier& verifier, dns::Resolver& resolver) {
    co_await verifier.fetch_keys(resolver);
    co_return 0;
}

// dkim-generated's README: not-pass is any of these four.
bool holds(const std::set<std::string>& expected, const std::string& result) {
    if (expected.contains(result)) return true;
    const bool not_pass =
        result == "fail" || result == "permerror" || result == "neutral" || result == "policy";
    return not_pass && expected.contains("not-pass");
}

std::string describe(const std::vector<Signature>& signatures) {
    std::string text;
    for (const Signature& signature : signatures)
        text += std::string(to_string(signature.result)) + " (" + signature.reason.text() + ") ";
    return text;
}

bool all_hold(const SuiteCase& test, const std::vector<Signature>& signatures) {
    const auto& expect = test.node["expect"].items();
    if (expect.size() != signatures.size()) return false;
    bool any_refused = false;
    for (std::size_t i = 0; i < signatures.size(); ++i) {
        const std::set<std::string> words = expect[i]["result"].words();
        const bool refused = signatures[i].result == auth::dkim::Result::policy &&
                             signatures[i].partly_signed && words == std::set<std::string>{"pass"};
        any_refused = any_refused || refused;
        if (!refused && !holds(words, std::string(to_string(signatures[i].result)))) return false;
    }
    return any_refused == is_partly_signed(test.id);
}

system_clock::time_point clock_of(const Node& node, system_clock::time_point fallback) {
    if (!node["now"].present()) return fallback;
    return system_clock::time_point(std::chrono::seconds(std::stoll(node["now"].text())));
}

}  // namespace

bool is_partly_signed(const std::string& id) {
    static const std::set<std::string> ids = {
        "l-full-appended",
        "l-short",
        "l-short-tail-changed",  // dkim-generated
        "l-zero",
        "l-zero-body-changed",
        "t028",
        "t029",
        "t030",
        "t031",             // dkim-opendkim
        "09-limited_body",  // dkim-chasquid: its first signature
    };
    return ids.contains(id);
}

SplitMessage split_message(const std::string& octets) {
    const std::size_t end = octets.starts_with("\r\n") ? 0 : octets.find("\r\n\r\n");
    if (end == std::string::npos) return {octets, ""};
    const std::size_t body = end == 0 ? 2 : end + 4;
    return {octets.substr(0, body), octets.substr(body)};
}

std::vector<Signature> verify(const std::string& octets, dns::Resolver& resolver,
                              system_clock::time_point now, std::size_t chunk) {
    const SplitMessage message = split_message(octets);
    const auto header = auth::HeaderBlock::parse(message.header);
    const auth::Author author = auth::extract_author(*header);
    auth::dkim::Verifier verifier(header, author.domain, auth::dkim::VerifierOptions(), now);
    run(fetch(verifier, resolver));
    const std::size_t step = chunk == 0 ? std::max<std::size_t>(message.body.size(), 1) : chunk;
    for (std::size_t at = 0; at < message.body.size(); at += step)
        verifier.body(std::string_view(message.body).substr(at, step));
    return verifier.finish();
}

void run_dkim_suite(const std::filesystem::path& folder, Tally& tally, const Exceptions& exceptions,
                    system_clock::time_point now) {
    for (const Node& document : load_yaml(folder / "cases.yml")) {
        dns::ZoneResolver zone = make_zone(document["zonedata"]);
        const auto document_clock = clock_of(document, now);
        for (const SuiteCase& test : cases_of(document)) {
            const std::string octets = load_octets(folder / test.node["file"].text());
            const auto clock = clock_of(test.node, document_clock);
            const auto whole = verify(octets, zone, clock, 0);
            const auto pieces = verify(octets, zone, clock, 3);
            EXPECT_EQ(describe(whole), describe(pieces)) << test.id;
            const bool held = all_hold(test, whole);
            tally.count(test.id, held);
            EXPECT_EQ(held, !exceptions.contains(test.id))
                << test.id << ", " << test.node["description"].text_or("") << ": got " << describe(whole);
        }
    }
}

}  // namespace gatepost::tests
