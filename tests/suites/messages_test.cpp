// The suite messages: malformed and odd messages. None may crash the parsers or take long, and where the
// suite names the author domain, that is the one taken.
#include "tests/support/suite.hpp"

#include "auth/message/author_domain.hpp"
#include "auth/results/remove_claims.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace gatepost::tests {
namespace {

constexpr std::size_t max_fields = 30'000;  // many-fields.eml has 20,000; the server's own limit is lower
constexpr std::chrono::seconds bound(5);    // for the slowest build; the slowest of them takes milliseconds

// The octets up to the empty line, as the server hands them on; all where there is none.
auth::HeaderBlockPtr header_of(const std::filesystem::path& file) {
    std::string octets = load_octets(file);
    const auto end = octets.starts_with("\r\n") ? 0 : octets.find("\r\n\r\n");
    if (end != std::string::npos) octets.resize(std::min(octets.size(), end + 4));
    return auth::HeaderBlock::parse(std::move(octets), max_fields);
}

std::size_t count_claims(const auth::HeaderBlock& header, const std::string& our_id) {
    auth::results::ClaimFinder claims({our_id});
    return static_cast<std::size_t>(
        std::count_if(header.fields().begin(), header.fields().end(),
                      [&](const auth::HeaderField& field) { return claims.is_claim(field); }));
}

bool reads_in_time(const std::filesystem::path& file) {
    const auto start = std::chrono::steady_clock::now();
    const auto header = header_of(file);
    const auth::Author author = auth::extract_author(*header);
    count_claims(*header, "mx.example.net");
    const bool in_time = std::chrono::steady_clock::now() - start < bound;
    EXPECT_TRUE(in_time) << file;
    EXPECT_EQ(author.domain.has_value(), author.fault == auth::AuthorFault::none) << file;
    return in_time;
}

// What `hand/cases.yml` says of one message.
bool holds(const std::filesystem::path& file, const Node& node) {
    const auto header = header_of(file);
    bool held = true;
    if (const Node& expected = node["from_domain"]; expected.present()) {
        const auth::Author author = auth::extract_author(*header);
        const std::string taken = author.domain ? author.domain->text() : "";
        held = taken == expected.text_or("");
        EXPECT_TRUE(held) << file << ": took \"" << taken << "\", " << to_string(author.fault);
    }
    if (const Node& expected = node["must_be_removed"]; expected.present()) {
        const auto claims = count_claims(*header, node["authserv_id"].text());
        held = held && std::to_string(claims) == expected.text();
        EXPECT_EQ(std::to_string(claims), expected.text()) << file;
    }
    return held;
}

TEST(Suite, messages) {
    GATEPOST_REQUIRE_SUITE(folder, "messages");
    std::map<std::string, bool> results;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const bool is_message = entry.is_regular_file() && entry.path().extension() == ".eml";
        if (is_message) results[entry.path().string()] = reads_in_time(entry.path());
    }
    std::size_t named = 0;
    for (const Node& document : load_yaml(folder / "hand" / "cases.yml")) {
        for (const SuiteCase& test : cases_of(document)) {
            const auto file = folder / "hand" / test.node["file"].text();
            const bool held = holds(file, test.node);
            results[file.string()] = results[file.string()] && held;
            ++named;
        }
    }
    EXPECT_EQ(named, 46U);
    Tally tally("messages");
    for (const auto& [file, held] : results)
        tally.count(file, held);
    EXPECT_EQ(tally.total(), 99U);
}

}  // namespace
}  // namespace gatepost::tests
