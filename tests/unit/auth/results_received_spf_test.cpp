#include "auth/address_lexer.hpp"
#include "auth/mail_address.hpp"
#include "auth/message/header_block.hpp"
#include "auth/results/received_spf.hpp"
#include "auth/utf8.hpp"

#include "dns/ascii.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace gatepost::auth::results {
namespace {

using spf::Result;
using spf::Scope;

TransactionIdentity identity_of(std::string mail_from, std::string helo = "helo.example",
                                std::string_view client = "192.0.2.1") {
    return {dns::IpAddress::parse(client).value(), std::move(helo), std::move(mail_from)};
}

spf::Check check_of(Result result, std::string mechanism = "", Reason reason = {}) {
    spf::Check check;
    check.result = result;
    check.domain = dns::DomainName::parse("example.net");
    check.mechanism = std::move(mechanism);
    check.reason = std::move(reason);
    return check;
}

// What every field of the table below ends in, but for the last pair.
const std::string usual =
    "client-ip=192.0.2.1; envelope-from=\"a@example.net\"; helo=helo.example; receiver=mx.example.org; "
    "identity=mailfrom";

TEST(ReceivedSpf, tells_each_result) {  // RFC 7208 §9.1
    const std::vector<std::pair<spf::Check, std::string>> table{
        {check_of(Result::pass, "ip4:192.0.2.0/24"), "pass (mx.example.org: example.net permits 192.0.2.1) " +
                                                         usual + "; mechanism=\"ip4:192.0.2.0/24\""},
        {check_of(Result::pass, "+mx"),
         "pass (mx.example.org: example.net permits 192.0.2.1) " + usual + "; mechanism=mx"},
        {check_of(Result::fail, "-all"),
         "fail (mx.example.org: example.net does not permit 192.0.2.1) " + usual + "; mechanism=all"},
        {check_of(Result::softfail, "~all"),
         "softfail (mx.example.org: example.net most likely does not permit 192.0.2.1) " + usual +
             "; mechanism=all"},
        {check_of(Result::neutral),
         "neutral (mx.example.org: example.net says nothing of 192.0.2.1) " + usual + "; mechanism=default"},
        {check_of(Result::none, "", Reason("no SPF record", "example.net")),
         "none (mx.example.org: example.net publishes no policy for 192.0.2.1) " + usual},
        {check_of(Result::temperror, "", Reason("no answer of the DNS", "a \"b\"\r\nX: y")),
         "temperror (mx.example.org: the policy of example.net could not be had for 192.0.2.1) " + usual +
             "; problem=\"no answer of the DNS\""},
        {check_of(Result::permerror, "", Reason("more than one SPF record", "example.net")),
         "permerror (mx.example.org: the policy of example.net cannot be evaluated for 192.0.2.1) " + usual +
             "; problem=\"more than one SPF record\""},
    };
    for (const auto& [check, expected] : table)
        EXPECT_EQ(received_spf_value("mx.example.org", identity_of("a@example.net"), check), expected);
}

TEST(ReceivedSpf, names_the_identity_that_was_checked) {  // RFC 7208 §9.1, §2.3, §2.4
    struct Row {
        std::string mail_from;
        Scope scope;
        std::string pairs;
    };
    const std::vector<Row> table{
        {"a@example.net", Scope::mailfrom,
         "envelope-from=\"a@example.net\"; helo=helo.example; receiver=mx; identity=mailfrom; "},
        {"a@example.net", Scope::helo, "helo=helo.example; receiver=mx; identity=helo; "},
        {"", Scope::mailfrom, "helo=helo.example; receiver=mx; identity=helo; "},
        {"postmaster", Scope::mailfrom, "helo=helo.example; receiver=mx; identity=mailfrom; "},
    };
    for (const Row& row : table) {
        spf::Check check = check_of(Result::pass, "all");
        check.scope = row.scope;
        EXPECT_EQ(
            received_spf_value("mx", identity_of(row.mail_from), check),
            "pass (mx: example.net permits 192.0.2.1) client-ip=192.0.2.1; " + row.pairs + "mechanism=all");
    }
}

TEST(ReceivedSpf, quotes_what_is_no_dot_atom_and_leaves_out_what_could_mislead) {
    struct Row {
        std::string mail_from, helo, client, pairs;
    };
    const std::vector<Row> table{
        {"a@b.example", "[192.0.2.1]", "2001:db8::1",
         "client-ip=\"2001:db8::1\"; envelope-from=\"a@b.example\"; helo=\"[192.0.2.1]\"; receiver=mx; "},
        {"\"a;helo=x\"@b.example", "h(i", "192.0.2.1", "client-ip=192.0.2.1; receiver=mx; "},
        {"spf=pass@b.example", "h;i", "192.0.2.1", "client-ip=192.0.2.1; receiver=mx; "},
        {"a@b\r\nX: y", "x\xc3\xa9", "192.0.2.1", "client-ip=192.0.2.1; receiver=mx; "},
        {"\xc3\xa9@b.example", std::string(321, 'a'), "192.0.2.1",
         "client-ip=192.0.2.1; envelope-from=\"\xc3\xa9@b.example\"; receiver=mx; "},
        {"\xff@b.example", "", "192.0.2.1", "client-ip=192.0.2.1; receiver=mx; "},
    };
    for (const Row& row : table) {
        const auto value = received_spf_value("mx", identity_of(row.mail_from, row.helo, row.client),
                                              check_of(Result::pass, "all"));
        EXPECT_EQ(value, "pass (mx: example.net permits " + row.client + ") " + row.pairs +
                             "identity=mailfrom; mechanism=all");
    }
}

TEST(ReceivedSpf, names_no_domain_in_comments_that_is_none) {
    spf::Check check = check_of(Result::none);
    check.domain = dns::DomainName::parse("ex(ample.net");
    EXPECT_TRUE(received_spf_value("mx", identity_of("a@b"), check)
                    .starts_with("none (mx: the sender's domain publishes no policy for 192.0.2.1) "));
    check.domain.reset();
    EXPECT_TRUE(received_spf_value("mx", identity_of("a@b"), check)
                    .starts_with("none (mx: no domain to ask about 192.0.2.1) "));
}

TEST(ReceivedSpf, folds_at_78_columns) {  // RFC 5322 §2.1.1
    const auto value =
        received_spf_value("mx.example.org", identity_of("a@example.net"), check_of(Result::pass, "mx"));
    EXPECT_EQ(received_spf_field(value),
              "Received-SPF: pass (mx.example.org: example.net permits 192.0.2.1)\r\n"
              " client-ip=192.0.2.1; envelope-from=\"a@example.net\"; helo=helo.example;\r\n"
              " receiver=mx.example.org; identity=mailfrom; mechanism=mx\r\n");
}

// A strict reader of the field's grammar (RFC 7208 §9.1), written for these tests alone.
struct ReadField {
    std::string result;
    std::map<std::string, std::string> pairs;
};

std::optional<ReadField> read_field(std::string_view rest) {
    ReadField read;
    const auto space = rest.find(' ');
    read.result = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space);
    if (!skip_cfws(rest)) return std::nullopt;
    while (!rest.empty()) {
        const auto equals = rest.find('=');
        const std::string key(rest.substr(0, equals));
        if (equals == std::string_view::npos || !is_dot_atom(key)) return std::nullopt;
        rest.remove_prefix(equals + 1);
        std::string value;
        if (rest.starts_with('"')) {
            const std::string_view quoted = cut_delimited(rest, '"');
            if (quoted.empty()) return std::nullopt;
            value = unquote(quoted);
        } else {
            value = rest.substr(0, rest.find(';'));
            rest.remove_prefix(value.size());
            if (!is_dot_atom(value)) return std::nullopt;
        }
        if (!read.pairs.emplace(key, value).second) return std::nullopt;
        if (rest.empty()) break;
        if (!rest.starts_with("; ")) return std::nullopt;
        rest.remove_prefix(2);
    }
    return read;
}

std::string hostile_text(std::mt19937& random) {
    static const std::vector<std::string> pieces{
        "a",    "example.com", "@",         ";",    " ",    "\"",   "\\",       "(",
        ")",    "=",           ".",         "\r",   "\n",   "\r\n", "\t",       "pass",
        ",",    "helo=x",      "identity=", "\x01", "\x7f", "\xff", "\xc3",     "\xc3\xa9",
        "-all", "ip4:",        "~",         "%{",   "<",    ">",    "problem=x"};
    std::string text;
    for (auto count = random() % 12; count > 0; --count)
        text += pieces[random() % pieces.size()];
    if (random() % 20 == 0) text.append(random() % 2000, random() % 2 == 0 ? '"' : 'a');
    if (random() % 20 == 0) text += '\0';
    return text;
}

// Left out, or as it is and nothing that could end a value or look like a result.
void expect_pair(const ReadField& read, const char* key, const std::string& text) {
    const auto found = read.pairs.find(key);
    if (found == read.pairs.end()) return;
    EXPECT_EQ(found->second, text);
    EXPECT_EQ(text.find_first_of("=;\"\\() "), std::string::npos) << key << testing::PrintToString(text);
}

TEST(ReceivedSpf, names_the_mechanism_without_what_others_put_into_it) {
    const std::vector<std::pair<std::string, std::string>> table{
        {"-all", "all"},
        {"?include:_spf.example.com", "\"include:_spf.example.com\""},
        {"a/24//64", "a/24//64"},
        {"ip6:2001:db8::/32", "\"ip6:2001:db8::/32\""},
        {"exists:%{ir}.%{v}.arpa.example", "\"exists:%{ir}.%{v}.arpa.example\""},
        {"exists:;spf=pass;.example.com", "exists"},
        {"~a:x;dkim=pass.example/24", "a"},
        {"exists:%{l=}.example", "exists"},
    };
    for (const auto& [directive, written] : table) {
        const auto value =
            received_spf_value("mx", identity_of("a@b.example"), check_of(Result::neutral, directive));
        EXPECT_TRUE(value.ends_with("; mechanism=" + written)) << value;
    }
}

// Reading back what was written gives the same values, folded or not, and nothing besides.
TEST(ReceivedSpf, reads_back_as_it_was_written) {
    std::mt19937 random(7208);
    for (int round = 0; round < 5'000; ++round) {
        const TransactionIdentity identity = identity_of("x" + hostile_text(random), hostile_text(random));
        spf::Check check =
            check_of(random() % 2 == 0 ? Result::fail : Result::permerror, '-' + hostile_text(random),
                     Reason("no SPF record", hostile_text(random)));
        check.domain = dns::DomainName::parse(hostile_text(random));
        const std::string value = received_spf_value("mx.example.org", identity, check);

        const std::string field = received_spf_field(value);
        for (std::size_t at = 0, end = 0; at < field.size(); at = end + 2) {
            end = field.find("\r\n", at);
            ASSERT_LE(end - at, 998U);
        }
        const auto header = HeaderBlock::parse(field);
        ASSERT_EQ(header->fault(), HeaderFault::none) << value;
        ASSERT_EQ(header->fields().size(), 1U) << value;
        ASSERT_EQ(unfold(header->fields().front().value), value);
        const auto read = read_field(value);
        ASSERT_TRUE(read) << value;
        EXPECT_EQ(read->result, to_string(check.result));
        expect_pair(*read, "envelope-from", identity.mail_from);
        expect_pair(*read, "helo", identity.helo);
        EXPECT_EQ(read->pairs.at("client-ip"), "192.0.2.1");
        EXPECT_EQ(read->pairs.at("receiver"), "mx.example.org");
        EXPECT_EQ(read->pairs.at("identity"), "mailfrom");
        const bool failed = check.result == Result::fail;
        if (const auto told = read->pairs.find("mechanism"); told != read->pairs.end()) {
            EXPECT_TRUE(failed) << value;
            EXPECT_EQ(told->second.find_first_of("=;\"\\() "), std::string::npos) << value;
        }
        EXPECT_EQ(read->pairs.contains("problem"), !failed);
        EXPECT_LE(read->pairs.size(), 6U);
    }
}

}  // namespace
}  // namespace gatepost::auth::results
