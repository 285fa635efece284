// Nobody else's words in our fields. Whatever a stranger writes into a record, a tag, a name or the envelope,
// a careless reader of what we write, which undoes the folds, splits at every ";" and every blank, knows
// neither quotes nor comments and searches for a method's pass, finds passes that are true, and no others.
#include "tests/support/pipeline.hpp"

#include "server/projections.hpp"

#include "auth/dkim/sign.hpp"
#include "auth/results/received_spf.hpp"

#include "dns/ascii.hpp"
#include "dns/zone_resolver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace gatepost::server {
namespace {

using auth::results::TransactionIdentity;
using dns::RrType;
using Random = std::mt19937;

constexpr std::string_view methods[] = {"dkim", "spf", "dmarc", "arc", "iprev"};

std::string words(Random& random, const std::vector<std::string>& pieces, std::size_t most) {
    std::string text;
    for (auto count = random() % (most + 1); count > 0; --count)
        text += pieces[random() % pieces.size()];
    return text;
}

// Text without blanks, as it may stand in a tag or in a term of a record.
std::string visible(Random& random) {
    static const std::vector<std::string> pieces{"a",
                                                 "example.org",
                                                 "@",
                                                 ".",
                                                 "dkim=pass",
                                                 "spf=pass",
                                                 "dmarc=pass",
                                                 "arc=pass",
                                                 "iprev=pass",
                                                 "=",
                                                 "\"",
                                                 "\\",
                                                 "(",
                                                 ")",
                                                 ":",
                                                 "/",
                                                 "+",
                                                 "-",
                                                 "%{i}",
                                                 "=3B",
                                                 "dkim=3Dpass",
                                                 "=22",
                                                 "=20",
                                                 "x=y",
                                                 "all",
                                                 "rsa-sha256",
                                                 "relaxed",
                                                 "dkim=pass",
                                                 "header.d=a.b",
                                                 ",",
                                                 "<",
                                                 ">"};
    return words(random, pieces, 6);
}

// … and text with them, and with what ends a value.
std::string any(Random& random) {
    static const std::vector<std::string> pieces{
        ";dkim=pass;",    " spf=pass ", ";dmarc=pass", "; arc=pass ", " iprev=pass", "\r\n ",
        "\r\n\t",         ";",          " ",           "\t",          "\xc3\xa9",    "(comment)",
        "\";dkim=pass\"", "\\",         "dkim=pass",   "all"};
    return random() % 2 == 0 ? visible(random) : words(random, pieces, 4) + visible(random);
}

const auth::crypto::SigningKey& key() {
    static const auth::crypto::SigningKey made = auth::crypto::SigningKey::generate_ed25519().value();
    return made;
}

std::string without_line_ends(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return text;
}

void add(dns::ZoneResolver& zone, const std::string& owner, RrType type, const std::string& text) {
    const auto name = dns::DomainName::parse(owner);
    if (name) zone.add(*name, type, text);
}

// What strangers publish: at the sender's domain, at the author's, and at the client's address.
dns::ZoneResolver hostile_zone(Random& random, const dns::IpAddress& client) {
    dns::ZoneResolver zone;
    const auto chance = [&](unsigned of) {
        return random() % of == 0;
    };
    std::string terms = chance(2) ? "" : " exists:" + visible(random) + ".%{i}.example.org";
    // One that matches, whatever is in its name.
    const std::string host = visible(random) + ".example.org";
    if (const auto name = dns::DomainName::parse(host); name && chance(2)) {
        zone.add(*name, RrType::a, client);
        terms = " ?a:" + host;
    }
    const char* const ends[] = {" -all", " +all", " ?all", " exp=why.example.org -all", ""};
    add(zone, "example.org", RrType::txt,
        "v=spf1" + terms + (chance(3) ? ' ' + any(random) : "") + ends[random() % std::size(ends)]);
    add(zone, "why.example.org", RrType::txt, any(random));
    add(zone, "helo.example.org", RrType::txt, "v=spf1 " + any(random) + " +all");
    add(zone, "_dmarc.example.org", RrType::txt, "v=DMARC1; p=reject; rua=" + any(random));
    if (chance(4)) add(zone, "_dmarc.example.org", RrType::txt, "v=DMARC1;" + any(random));
    std::string record = auth::dkim::key_record_of(key());
    if (chance(3)) record += "; " + any(random);
    if (chance(6)) record = any(random);
    add(zone, "s._domainkey.example.org", RrType::txt, record);
    if (const auto name =
            dns::DomainName::parse(chance(2) ? "mail.example.org" : visible(random) + ".example.org")) {
        zone.add(client.reverse_name(), RrType::ptr, *name);
        if (chance(2)) zone.add(*name, RrType::a, client);
    }
    const char* const failing[] = {"example.org", "_dmarc.example.org", "s._domainkey.example.org",
                                   "example.net"};
    if (chance(4))
        zone.add_failure(dns::DomainName::parse(failing[random() % std::size(failing)]).value(), std::nullopt,
                         any(random));
    return zone;
}

std::string hostile_header(Random& random) {
    const auto chance = [&](unsigned of) {
        return random() % of == 0;
    };
    std::string header = "From: a@example.org\r\nSubject: " + without_line_ends(any(random)) + "\r\n\r\n";
    if (chance(8)) header = "From: \"" + without_line_ends(any(random)) + "\" <a@example.org>\r\n" + header;
    auth::dkim::SigningOptions options;
    options.domain = dns::DomainName::parse("example.org").value();
    options.selector = "s";
    // A signature that may pass, by an identity of the sender's choice.
    options.identity = without_line_ends(any(random)) + "@example.org";
    const auto signature = auth::dkim::sign(*auth::HeaderBlock::parse(header), "Hello.\r\n", key(), options);
    if (signature) header = *signature + header;
    // … and one with tags of his choice.
    std::map<std::string, std::string> tags{{"v", "1"},    {"a", "rsa-sha256"}, {"d", "example.org"},
                                            {"s", "s"},    {"h", "from"},       {"b", "YWJjZGVmZ2g="},
                                            {"bh", "YQ=="}};
    for (const char* tag : {"a", "b", "bh", "c", "d", "h", "i", "l", "q", "s", "t", "v", "x"})
        if (chance(5)) tags[tag] = without_line_ends(any(random));
    std::string list;
    for (const auto& [tag, value] : tags)
        list += tag + "=" + value + "; ";
    header = "DKIM-Signature: " + list + "\r\n" + header;
    if (chance(2)) return header;
    return "ARC-Seal: i=1; cv=none; " + list + "\r\nARC-Message-Signature: i=1; " + list +
           "\r\nARC-Authentication-Results: i=1; " + without_line_ends(any(random)) + "\r\n" + header;
}

tests::PipelineInput hostile_input(Random& random, const dns::IpAddress& client) {
    tests::PipelineInput input;
    input.header = hostile_header(random);
    input.body = "Hello.\r\n";
    const std::string local_part = random() % 2 == 0 ? visible(random) : '"' + any(random) + '"';
    const std::string helo = random() % 2 == 0 ? "helo.example.org" : any(random);
    input.sender = {client, helo, random() % 6 == 0 ? "" : local_part + "@example.org"};
    policy::Settings& settings = input.settings;
    settings.on_spf_fail = static_cast<policy::OnSpfFail>(random() % 3);
    settings.on_temperror = static_cast<policy::OnTemperror>(random() % 2);
    settings.on_invalid_from = static_cast<policy::OnInvalidFrom>(random() % 3);
    settings.on_reject = static_cast<policy::OnReject>(random() % 4);
    return input;
}

// How often the careless reader finds "METHOD=pass".
std::size_t count_found(std::string text, std::string_view method) {
    for (std::size_t fold; (fold = text.find("\r\n")) != std::string::npos;)
        text.erase(fold, 2);
    text = ascii::to_lower(text);
    const std::string wanted = std::string(method) + "=pass";
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(wanted, at)) != std::string::npos; at += wanted.size()) {
        const bool of_dmarc = method == "arc" && at >= 2 && text.compare(at - 2, 2, "dm") == 0;
        if (!of_dmarc) ++found;
    }
    return found;
}

std::size_t count_true(const auth::Evidence& evidence, std::string_view method) {
    if (method == "dkim")
        return static_cast<std::size_t>(std::count_if(evidence.dkim.begin(), evidence.dkim.end(),
                                                      [](const auth::dkim::Signature& signature) {
                                                          return signature.result == auth::dkim::Result::pass;
                                                      }));
    if (method == "spf")
        return static_cast<std::size_t>(evidence.spf.result == auth::spf::Result::pass) +
               static_cast<std::size_t>(evidence.spf_helo.result == auth::spf::Result::pass);
    if (method == "dmarc")
        return static_cast<std::size_t>(evidence.dmarc.result == auth::dmarc::Result::pass);
    if (method == "arc") return static_cast<std::size_t>(evidence.arc.result == auth::arc::Result::pass);
    return static_cast<std::size_t>(evidence.iprev.result == auth::iprev::Result::pass);
}

bool is_one_field(const std::string& field) {
    const auto block = auth::HeaderBlock::parse(field);
    return block->fault() == auth::HeaderFault::none && block->fields().size() == 1;
}

TEST(HostileWords, give_a_careless_reader_no_pass_that_is_none) {
    Random random(8601);
    const auto client = dns::IpAddress::parse("192.0.2.1").value();
    std::map<std::string_view, std::size_t> passes;
    std::size_t quarantined = 0;
    std::size_t refused = 0;
    for (int round = 0; round < 3'000; ++round) {
        dns::ZoneResolver zone = hostile_zone(random, client);
        const tests::PipelineInput input = hostile_input(random, client);
        const auto [evidence, decision] = tests::run_pipeline(input, zone);
        const TransactionIdentity identity{client, input.sender.helo, input.sender.mail_from};
        const std::string results =
            auth::results::authentication_results_field(auth::results::authentication_results_value(
                "mx.example.net", identity, evidence, policy_note(decision, evidence)));
        const std::string received = auth::results::received_spf_field(
            auth::results::received_spf_value("mx.example.net", identity, evidence.spf));
        const std::string quarantine = quarantine_field(decision);
        ASSERT_TRUE(is_one_field(results) && is_one_field(received) && is_one_field(quarantine))
            << results << received << quarantine;
        for (const std::string_view method : methods) {
            ASSERT_LE(count_found(results, method), count_true(evidence, method)) << results;
            ASSERT_EQ(count_found(received, method), 0U) << received;
            ASSERT_EQ(count_found(quarantine, method), 0U) << quarantine;
            passes[method] += count_true(evidence, method);
        }
        if (decision.action == policy::Action::quarantine) ++quarantined;
        if (!decision.refusal) continue;
        ++refused;
        const std::string code = std::to_string(decision.refusal->code);
        const std::string wire = refusal_reply(*decision.refusal, "mx.example.net", "1-1").wire();
        for (std::size_t at = 0, end = 0; at < wire.size(); at = end + 2) {
            end = wire.find("\r\n", at);
            ASSERT_NE(end, std::string::npos) << wire;
            const std::string line = wire.substr(at, end - at);
            ASSERT_TRUE(line.starts_with(code) && std::all_of(line.begin(), line.end(), ascii::is_printable))
                << wire;
        }
    }
    // The rounds are worth something: there are passes of each kind that a sender makes, and refusals.
    for (const std::string_view method : {"dkim", "spf", "dmarc", "iprev"})
        EXPECT_GT(passes[method], 100U) << method;
    EXPECT_GT(quarantined, 100U);
    EXPECT_GT(refused, 100U);
}

// The text itself is for the log and for programs.
TEST(HostileWords, are_told_beside_the_field) {
    dns::ZoneResolver zone;
    add(zone, "spf.example", RrType::txt, "v=spf1 x;dkim=pass;dmarc=pass;");
    tests::PipelineInput input;
    input.header = "From: a@spf.example\r\nSubject: x\r\n\r\n";
    input.sender = {dns::IpAddress::parse("192.0.2.1").value(), "h.example.net", "a@spf.example"};
    const auto evidence = tests::run_pipeline(input, zone).evidence;
    const std::string value = auth::results::authentication_results_value(
        "mx", {input.sender.client_ip, input.sender.helo, input.sender.mail_from}, evidence, {});
    EXPECT_TRUE(
        value.starts_with("mx; spf=permerror reason=\"a syntax error in the SPF record\" "
                          "smtp.mailfrom=spf.example; dkim=none; "))
        << value;
    EXPECT_EQ(evidence.spf.reason,
              "a syntax error in the SPF record: spf.example: \"x;dkim=pass;dmarc=pass;\"");
}

}  // namespace
}  // namespace gatepost::server
