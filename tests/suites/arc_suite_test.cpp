// The public suite of ARC (arc-valimail): whole messages with chains, what a validator must say of them, and
// which set a sealer must add.
#include "tests/suites/dkim_suite.hpp"
#include "tests/support/run.hpp"

#include "auth/arc/seal.hpp"
#include "auth/arc/validate_chain.hpp"
#include "auth/message/header_block.hpp"
#include "auth/results/parse_results.hpp"
#include "auth/tag_list.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <set>
#include <utility>

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

auth::arc::SealerIdentityPtr identity_of(const Node& document) {
    std::string pem = document["privatekey"].text();
    for (auto at = pem.find("PRIVATE-KEY"); at != std::string::npos; at = pem.find("PRIVATE-KEY"))
        pem[at + 7] = ' ';  // the suite's README: markers that secret scanners do not know
    return std::make_shared<auth::arc::SealerIdentity>(auth::arc::SealerIdentity{
        dns::DomainName::parse(document["domain"].text()).value(), document["sel"].text(),
        std::move(*auth::crypto::SigningKey::from_pem(pem))});
}

// The suite's sealer finds its results in the message: all Authentication-Results of its own, put together.
// Ours is given them.
std::string own_results(const auth::HeaderBlock& header, const std::string& authserv_id) {
    std::string together = authserv_id;
    for (const auto& field : header.fields()) {
        if (!field.is("Authentication-Results")) continue;
        std::string value = auth::unfold(field.value);
        if (auth::results::parse_results(value)->authserv_id != authserv_id) continue;
        together += value.substr(value.find(';'));
    }
    // Runs of blanks, as folding left them, count as one in what is signed.
    const auto both_blank = [](char a, char b) {
        return a == ' ' && b == ' ';
    };
    together.erase(std::unique(together.begin(), together.end(), both_blank), together.end());
    return together;
}

std::vector<std::string> split_names(const std::string& names) {
    std::vector<std::string> list(1);
    for (const char c : names)
        if (c == ':')
            list.emplace_back();
        else
            list.back() += c;
    return list;
}

// "a=1; b=2" as a set of tags, without any white space.
std::set<std::string> tags_of(std::string_view text) {
    std::set<std::string> tags;
    std::string tag;
    for (const char c : std::string(text) + ";") {
        if (c == ';' && !tag.empty()) tags.insert(std::exchange(tag, {}));
        if (c != ';' && !std::isspace(static_cast<unsigned char>(c))) tag += c;
    }
    return tags;
}

auth::arc::Sealed seal(const Node& document, const Node& test, const std::string& octets, const Chain& chain,
                       std::size_t chunk) {
    const SplitMessage message = split_message(octets);
    const auto header = auth::HeaderBlock::parse(message.header);
    auth::arc::SealingOptions options;
    options.timestamp =
        std::chrono::system_clock::time_point(std::chrono::seconds(std::stoll(test["t"].text())));
    options.names = split_names(test["sig-headers"].text());
    options.layout = auth::arc::FieldLayout::alphabetical;
    auth::arc::MessageSealer sealer(identity_of(document));
    for (std::size_t at = 0; at < message.body.size(); at += chunk)
        sealer.body(std::string_view(message.body).substr(at, chunk));
    return sealer.seal(*header, chain, own_results(*header, test["srv-id"].text()), options);
}

// Our three fields against the suite's AS, AMS and AAR, signatures included.
bool is_as_expected(const auth::arc::Sealed& sealed, const Node& test) {
    const auto set = auth::HeaderBlock::parse(sealed.fields);
    const std::pair<const char*, const char*> fields[] = {
        {"ARC-Seal", "AS"}, {"ARC-Message-Signature", "AMS"}, {"ARC-Authentication-Results", "AAR"}};
    return std::all_of(std::begin(fields), std::end(fields), [&](const auto& field) {
        const auth::HeaderField* ours = set->find(field.first);
        return tags_of(ours ? ours->value : "") == tags_of(test[field.second].text_or(""));
    });
}

// No exception: all 17 hold, octet for octet where white space does not count.
TEST(ArcSuite, sealing) {
    GATEPOST_REQUIRE_SUITE(folder, "arc-valimail");
    Tally tally("arc-valimail (sealing)");
    for (const Node& document : load_yaml(folder / "arc-draft-sign-tests.yml")) {
        dns::ZoneResolver zone = zone_of(document["txt-records"]);
        for (const SuiteCase& test : cases_of(document)) {
            const std::string octets = with_crlf(test.node["message"].text());
            const Chain chain = validate(octets, zone, 0);
            const auth::arc::Sealed whole = seal(document, test.node, octets, chain, octets.size());
            EXPECT_EQ(seal(document, test.node, octets, chain, 1).fields, whole.fields) << test.id;
            const bool held = is_as_expected(whole, test.node);
            tally.count(test.id, held);
            EXPECT_TRUE(held) << test.id << ": " << whole.fields << whole.reason;
            if (whole.fields.empty()) continue;
            const std::string sealed = whole.fields + octets;
            EXPECT_EQ(to_string(validate(sealed, zone, 0).result),
                      to_string(whole.status) == "fail" ? "fail" : "pass")
                << test.id;
        }
    }
    EXPECT_EQ(tally.total(), 17U);
}

}  // namespace
}  // namespace gatepost::tests
