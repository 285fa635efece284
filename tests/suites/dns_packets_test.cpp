// The suite dns-packets: judged responses to one query, and messages that must do no harm.
#include "tests/support/suite.hpp"

#include "dns/ascii.hpp"
#include "dns/reply_matcher.hpp"
#include "dns/reply_reader.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace gatepost::tests {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes unhex(const std::string& text) {
    Bytes octets;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        octets.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
    return octets;
}

dns::RrType type_of(const std::string& text) {
    for (const auto type :
         {dns::RrType::a, dns::RrType::mx, dns::RrType::ptr, dns::RrType::txt, dns::RrType::aaaa})
        if (text == dns::to_string(type)) return type;
    throw std::runtime_error("type " + text);
}

dns::Query query_of(const Node& node) {
    dns::Query query;
    query.id = ascii::parse_decimal<std::uint16_t>(node["id"].text(), 5).value();
    query.name = dns::DomainName::parse(node["name"].text()).value();
    query.type = type_of(node["type"].text());
    return query;
}

// The suite's word for what became of a message.
std::string word_of(const Bytes& message, const dns::Query& query, dns::Answer& answer) {
    const dns::ServerAddress server;
    switch (dns::match_reply(message, query, server, server)) {
        case dns::ReplyMatch::not_ours:
            return "ignore";
        case dns::ReplyMatch::folded:
        case dns::ReplyMatch::malformed:
            return "malformed";
        case dns::ReplyMatch::ours:
            break;
    }
    dns::Reply reply = dns::read_reply(message, query);
    answer = reply.answer;
    switch (reply.kind) {
        case dns::Reply::Kind::truncated:
            return "truncated";
        case dns::Reply::Kind::format_error:
        case dns::Reply::Kind::bad_cookie:
        case dns::Reply::Kind::failure:
            return "temperror";
        case dns::Reply::Kind::malformed:
            return "malformed";
        case dns::Reply::Kind::answer:
            break;
    }
    if (reply.answer.found()) return "answer";
    return reply.answer.outcome == dns::Outcome::nx_domain ? "nxdomain" : "nodata";
}

// The record as the suite writes it: its parts, joined for TXT.
std::string text_of(const dns::RecordData& data) {
    if (const auto* text = std::get_if<std::string>(&data)) return *text;
    if (const auto* name = std::get_if<dns::DomainName>(&data)) return name->text();
    if (const auto* address = std::get_if<dns::IpAddress>(&data)) return address->text();
    const auto& mx = std::get<dns::MxData>(data);
    return std::to_string(mx.preference) + mx.exchange.text();
}

std::string text_of(const Node& record) {
    std::string text;
    for (const Node& part : record.items())
        text += part.text();
    return text;
}

bool same_records(const dns::Answer& answer, const Node& records) {
    if (!records.present() || !answer.found()) return true;
    if (answer.records.size() != records.items().size()) return false;
    for (std::size_t i = 0; i < answer.records.size(); ++i)
        if (text_of(answer.records[i]) != text_of(records.items()[i])) return false;
    return true;
}

// What the notes of three cases ask for in words.
const std::pair<std::string_view, std::string> noted[] = {
    {"ok-8bit", std::string("\x00\xff\x80\"\\", 5)},
    {"ptr-label-dot", "evil\\046com.example"},
    {"ptr-label-nul", std::string("good\0evil.com", 13)},
};

bool holds(const SuiteCase& test) {
    dns::Answer answer;
    const std::string word =
        word_of(unhex(test.node["response_hex"].text()), query_of(test.node["query"]), answer);
    EXPECT_TRUE(test.node["expect"].words().contains(word)) << test.id << ": " << word;
    bool held = test.node["expect"].words().contains(word) && same_records(answer, test.node["records"]);
    EXPECT_TRUE(same_records(answer, test.node["records"])) << test.id << ": other records";
    for (const auto& [id, text] : noted) {
        if (id != test.id) continue;
        const bool same = answer.records.size() == 1 && text_of(answer.records[0]) == text;
        EXPECT_TRUE(same) << test.id;
        held = held && same;
    }
    if (test.id == "many-records") {
        EXPECT_EQ(answer.records.size(), 300U);
    }
    return held;
}

TEST(Suite, dns_packets) {
    GATEPOST_REQUIRE_SUITE(folder, "dns-packets");
    Tally tally("dns-packets");
    for (const Node& document : load_yaml(folder / "hand" / "cases.yml"))
        for (const SuiteCase& test : cases_of(document))
            tally.count(test.id, holds(test));
    EXPECT_EQ(tally.total(), 86U);
}

// Each seed as it is, and as the reply to its own question.
TEST(Suite, dns_packets_seeds_do_no_harm) {
    GATEPOST_REQUIRE_SUITE(folder, "dns-packets");
    std::size_t seeds = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "bind9")) {
        if (!entry.is_regular_file() || entry.path().parent_path().filename() == "bind9") continue;
        ++seeds;
        const std::string text = load_octets(entry.path());
        Bytes message(text.begin(), text.end());
        dns::read_name(message, 0);
        dns::read_records(message);
        dns::Query query;
        if (const auto question = dns::read_question(message); question && question->name) {
            query.name = *question->name;
            query.type = dns::RrType{question->type};
            message[2] = static_cast<std::uint8_t>((message[2] | 0x80U) & 0xfdU);
            message[3] &= 0xf0U;
        }
        const dns::Reply reply = dns::read_reply(message, query);
        EXPECT_LE(reply.answer.records.size(), message.size()) << entry.path();
        EXPECT_EQ(reply.answer.found(), !reply.answer.records.empty()) << entry.path();
    }
    EXPECT_EQ(seeds, 347U);
}

}  // namespace
}  // namespace gatepost::tests
