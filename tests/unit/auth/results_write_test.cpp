#include "auth/results/authentication_results.hpp"
#include "auth/results/parse_results.hpp"
#include "auth/utf8.hpp"

#include "dns/ascii.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace gatepost::auth::results {
namespace {

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

TransactionIdentity identity_of(std::string mail_from) {
    return {dns::IpAddress::parse("192.0.2.1").value(), "helo.example", std::move(mail_from)};
}

Evidence usual_evidence() {
    Evidence evidence;
    evidence.author = {name("example.com"), AuthorFault::none, "a@example.com"};
    evidence.spf.result = spf::Result::pass;
    evidence.spf.domain = name("example.net");
    dkim::Signature signature;
    signature.result = dkim::Result::pass;
    signature.domain = name("example.com");
    signature.selector = "s1";
    signature.identity = "@example.com";
    signature.algorithm = "rsa-sha256";
    signature.signature_prefix = "ab/c+def";
    evidence.dkim.push_back(signature);
    evidence.dmarc.result = dmarc::Result::pass;
    evidence.dmarc.author_domain = name("example.com");
    evidence.dmarc.record.emplace();
    evidence.dmarc.policy_tag = "p";
    evidence.dmarc.applied_policy = dmarc::Policy::reject;
    return evidence;
}

TEST(AuthenticationResults, tells_every_method_in_one_value) {
    Evidence evidence = usual_evidence();
    evidence.iprev.result = iprev::Result::pass;
    EXPECT_EQ(
        authentication_results_value("mx.example.org", identity_of("a@example.net"), evidence, {}),
        "mx.example.org; spf=pass smtp.mailfrom=example.net; dkim=pass header.d=example.com header.s=s1 "
        "header.i=@example.com header.a=rsa-sha256 header.b=\"ab/c+def\"; dmarc=pass "
        "header.from=example.com policy.dmarc=reject; iprev=pass policy.iprev=192.0.2.1");
}

TEST(AuthenticationResults, names_the_identity_that_spf_checked) {  // RFC 8601 §2.7.2, RFC 7208 §2.4
    Evidence evidence = usual_evidence();
    evidence.dkim.clear();
    const auto value = [&](const std::string& mail_from) {
        return authentication_results_value("mx", identity_of(mail_from), evidence, {});
    };
    EXPECT_TRUE(value("").starts_with("mx; spf=pass smtp.helo=example.net; dkim=none; "));
    evidence.spf_helo.result = spf::Result::fail;
    evidence.spf_helo.domain = name("helo.example");
    EXPECT_TRUE(value("").starts_with("mx; spf=pass smtp.helo=example.net; dkim=none; "));
    EXPECT_TRUE(
        value("a@example.net")
            .starts_with("mx; spf=pass smtp.mailfrom=example.net; spf=fail smtp.helo=helo.example; "));
    evidence.spf_helo.domain = name("example.net");
    EXPECT_TRUE(value("a@example.net").starts_with("mx; spf=pass smtp.mailfrom=example.net; dkim=none; "));
    evidence.spf_helo = {};
    evidence.spf.domain = name("example.com(.attack.example");
    EXPECT_TRUE(value("a@b").starts_with("mx; spf=pass; dkim=none; "));
}

TEST(AuthenticationResults, gives_reasons_for_what_did_not_pass_and_a_comment_for_what_we_did) {
    Evidence evidence = usual_evidence();
    evidence.spf.result = spf::Result::temperror;
    evidence.spf.reason = Reason("no answer of the DNS", "no \"answer\"; dkim=pass\r\nX: y");
    evidence.dkim.front().result = dkim::Result::fail;
    evidence.dkim.front().reason = "body hash";
    evidence.dmarc.result = dmarc::Result::fail;
    const PolicyNote note{"quarantine", "local_policy", "corroborate) ; dmarc=pass (\"\\"};
    EXPECT_EQ(
        authentication_results_value("mx", identity_of("a@example.net"), evidence, note),
        "mx; spf=temperror reason=\"no answer of the DNS\" smtp.mailfrom=example.net; dkim=fail "
        "reason=\"body hash\" header.d=example.com header.s=s1 header.i=@example.com header.a=rsa-sha256 "
        "header.b=\"ab/c+def\"; dmarc=fail (disposition quarantine, local_policy: corroborate] , dmarc:pass "
        "['/) header.from=example.com policy.dmarc=reject");
    evidence.author = {std::nullopt, AuthorFault::several_from, ""};
    evidence.dmarc = {};
    evidence.dmarc.reason = Reason(AuthorFault::several_from);
    const auto parsed =
        parse_results(authentication_results_value("mx", identity_of("a@example.net"), evidence, {}));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->results.back().result, "none");
    EXPECT_EQ(parsed->results.back().reason, to_string(AuthorFault::several_from));
}

TEST(AuthenticationResults, tells_of_a_chain_where_there_is_one) {  // RFC 8617 §6, §10.2
    Evidence evidence = usual_evidence();
    evidence.dkim.clear();
    const auto value = [&] {
        return authentication_results_value("mx", identity_of("a@example.net"), evidence, {});
    };
    EXPECT_EQ(value().find(" arc="), std::string::npos);
    evidence.arc.result = arc::Result::pass;
    EXPECT_NE(value().find("; dkim=none; arc=pass smtp.remote-ip=192.0.2.1; dmarc=pass "), std::string::npos);
    evidence.arc.result = arc::Result::fail;
    evidence.arc.reason = "ARC-Seal i=2 twice";
    EXPECT_NE(value().find("; arc=fail reason=\"ARC-Seal i=2 twice\" smtp.remote-ip=192.0.2.1; dmarc="),
              std::string::npos);
    const TransactionIdentity over_ipv6{dns::IpAddress::parse("2001:db8::1").value(), "helo.example", ""};
    const auto parsed = parse_results(authentication_results_value("mx", over_ipv6, evidence, {}));
    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->results.size(), 4U);
    EXPECT_EQ(parsed->results[2].method, "arc");
    EXPECT_EQ(*parsed->results[2].find("smtp", "remote-ip"), "2001:db8::1");
}

// RFC 8601 §2.2 pvalue, RFC 8616 §5. A local-part that a careless reader could take for a result is left out.
TEST(AuthenticationResults, writes_email_identities_as_such) {
    const std::vector<std::pair<std::string, std::string>> table{
        {"a.b@example.com", " header.i=a.b@example.com"},
        {"@example.com", " header.i=@example.com"},
        {"a+b_c-d~e@example.com", " header.i=a+b_c-d~e@example.com"},
        {"\"a b\"@example.com", " header.i=@example.com"},
        {"a b@example.com", " header.i=@example.com"},
        {"a;b@example.com", " header.i=@example.com"},
        {"a..b@example.com", " header.i=@example.com"},
        {"dkim=pass@example.com", " header.i=@example.com"},
        {"\"x;dkim=pass\"@example.com", " header.i=@example.com"},
        {"\xc3\xa4@b\xc3\xbc.example", " header.i=\xc3\xa4@xn--b-eha.example"},
        {"\xff@example.com", " header.i=@example.com"},
        {"a@exa(mple.com", ""},
        {"a@example.com;dkim=pass", ""},
        {"no domain", ""},
    };
    Evidence evidence = usual_evidence();
    for (const auto& [identity, written] : table) {
        evidence.dkim.front().identity = identity;
        const auto value = authentication_results_value("mx", identity_of("a@example.net"), evidence, {});
        EXPECT_NE(value.find(" header.s=s1" + written + " header.a"), std::string::npos) << value;
    }
}

// RFC 8601 §2.7.1: what is not an algorithm, a selector or the start of a signature is a sender's own text.
TEST(AuthenticationResults, writes_known_algorithms_selectors_and_base64_alone) {
    struct Case {
        void (*change)(dkim::Signature&);
        std::string written;  // behind header.d
    };
    const Case cases[] = {
        {[](dkim::Signature& s) { s.algorithm = "rsa-sha1"; },
         " header.s=s1 header.i=@example.com header.a=rsa-sha1 header.b=\"ab/c+def\""},
        {[](dkim::Signature& s) { s.algorithm = "ed25519-sha256"; },
         " header.s=s1 header.i=@example.com header.a=ed25519-sha256 header.b=\"ab/c+def\""},
        {[](dkim::Signature& s) { s.algorithm = "dkim=pass"; },
         " header.s=s1 header.i=@example.com header.b=\"ab/c+def\""},
        {[](dkim::Signature& s) { s.selector = "a;dkim=pass"; },
         " header.i=@example.com header.a=rsa-sha256 header.b=\"ab/c+def\""},
        {[](dkim::Signature& s) { s.selector = "a.b-c_d"; },
         " header.s=a.b-c_d header.i=@example.com header.a=rsa-sha256 header.b=\"ab/c+def\""},
        {[](dkim::Signature& s) { s.signature_prefix = "spf=pass"; },
         " header.s=s1 header.i=@example.com header.a=rsa-sha256"},
        {[](dkim::Signature& s) { s.signature_prefix = "abcdefgh"; },
         " header.s=s1 header.i=@example.com header.a=rsa-sha256 header.b=abcdefgh"},
    };
    for (const Case& c : cases) {
        Evidence evidence = usual_evidence();
        c.change(evidence.dkim.front());
        const auto value = authentication_results_value("mx", identity_of("a@example.net"), evidence, {});
        EXPECT_NE(value.find(" header.d=example.com" + c.written + "; "), std::string::npos) << value;
    }
}

TEST(AuthenticationResults, stay_bounded_however_many_signatures_there_are) {
    Evidence evidence = usual_evidence();
    dkim::Signature broken = evidence.dkim.front();
    broken.result = dkim::Result::policy;
    evidence.dkim.insert(evidence.dkim.begin(), 500, broken);
    const auto value = authentication_results_value("mx", identity_of("a@example.net"), evidence, {});
    EXPECT_LT(value.size(), 5000U);
    EXPECT_NE(value.find("dkim=pass"), std::string::npos);
}

// Octets that end or open something in some grammar of header fields.
std::string hostile_text(std::mt19937& random) {
    static const std::vector<std::string> pieces{
        "a",        "example.com", "@",         ";",          " ",    "\"",          "\\",   "(",
        ")",        "=",           ".",         "\r\n",       "\r",   "\n",          "\t",   "<",
        ">",        ",",           "dkim=pass", "header.d=x", "\x01", "\x7f",        "\xff", "\xc3",
        "\xc3\xa9", "none",        "reason=x",  "/1",         "'",    "\xef\xbd\x8d"};
    std::string text;
    for (auto count = random() % 12; count > 0; --count)
        text += pieces[random() % pieces.size()];
    if (random() % 20 == 0) text.append(random() % 2000, random() % 2 == 0 ? '"' : 'a');
    if (random() % 20 == 0) text += '\0';
    return text;
}

// Reading back what was written gives the same values, folded or not, and nothing besides.
TEST(AuthenticationResults, read_back_as_they_were_written) {
    std::mt19937 random(20260526);
    for (int round = 0; round < 5'000; ++round) {
        Evidence evidence = usual_evidence();
        dkim::Signature& signature = evidence.dkim.front();
        signature.selector = hostile_text(random);
        signature.identity = hostile_text(random);
        signature.algorithm = hostile_text(random);
        signature.signature_prefix = hostile_text(random);
        signature.domain = dns::DomainName::parse(hostile_text(random));
        signature.result = random() % 2 == 0 ? dkim::Result::pass : dkim::Result::fail;
        signature.reason = Reason("signature did not verify", hostile_text(random));
        evidence.spf.reason = Reason("no SPF record", hostile_text(random));
        evidence.spf.result = spf::Result::none;
        evidence.spf.domain = dns::DomainName::parse(hostile_text(random));
        evidence.dmarc.reason = Reason("several policy records", hostile_text(random));
        const bool chain = random() % 2 == 0;
        evidence.arc.result = chain ? arc::Result::fail : arc::Result::none;
        evidence.arc.reason = Reason("an invalid tag name", hostile_text(random));
        const PolicyNote note{"none", hostile_text(random), hostile_text(random)};
        const std::string id = random() % 2 == 0 ? "mx.example.org" : "an \"id\" \\ of ours";
        const std::string value = authentication_results_value(id, identity_of("a@b"), evidence, note);

        const auto header = HeaderBlock::parse(authentication_results_field(value));
        ASSERT_EQ(header->fault(), HeaderFault::none) << value;
        ASSERT_EQ(header->fields().size(), 1U) << value;
        ASSERT_EQ(unfold(header->fields().front().value), value);
        const auto parsed = parse_results(value);
        ASSERT_TRUE(parsed) << value;
        EXPECT_EQ(parsed->authserv_id, id);
        ASSERT_EQ(parsed->results.size(), chain ? 4U : 3U) << value;
        EXPECT_EQ(parsed->results[0].method, "spf");
        const ParsedResult& dkim = parsed->results[1];
        EXPECT_EQ(dkim.result, to_string(signature.result));
        EXPECT_EQ(dkim.find("header", "a"), nullptr) << value;
        if (const std::string* selector = dkim.find("header", "s")) {
            EXPECT_EQ(*selector, dns::DomainName::parse(signature.selector)->text()) << value;
        }
        if (const std::string* prefix = dkim.find("header", "b")) {
            EXPECT_EQ(*prefix, signature.signature_prefix) << value;
        }
        if (const std::string* told = dkim.find("header", "i")) {
            EXPECT_EQ(told->find_first_of("=;\" ()\\"), std::string::npos) << value;
        }
        EXPECT_LE(dkim.properties.size(), 4U) << value;
        EXPECT_EQ(dkim.find("header", "d") != nullptr,
                  signature.domain && signature.domain->is_host_name(true));
        EXPECT_EQ(parsed->results.back().result, "pass");
        if (!chain) continue;
        EXPECT_EQ(parsed->results[2].method, "arc");
        EXPECT_EQ(parsed->results[2].result, "fail");
        EXPECT_EQ(parsed->results[2].reason.has_value(), !evidence.arc.reason.empty());
        EXPECT_EQ(parsed->results[2].properties.size(), 1U) << value;
    }
}

TEST(AuthenticationResults, fold_at_78_columns_and_never_pass_998) {  // RFC 5322 §2.1.1
    Evidence evidence = usual_evidence();
    evidence.dkim.front().identity = std::string(300, 'x') + "@example.com";
    evidence.dkim.push_back(evidence.dkim.front());
    evidence.dkim.back().identity = std::string(310, 'x') + "@example.com";
    const std::string field = authentication_results_field(
        authentication_results_value("mx.example.org", identity_of("a@example.net"), evidence, {}));
    std::size_t long_lines = 0;
    for (std::size_t at = 0; at < field.size();) {
        const std::size_t end = field.find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        const std::string line = field.substr(at, end - at);
        EXPECT_FALSE(ascii::trim(line).empty());
        EXPECT_LE(line.size(), 998U);
        long_lines += line.size() > 78 ? 1 : 0;
        at = end + 2;
    }
    EXPECT_EQ(long_lines, 1U) << field;  // the first identity, which cannot be folded; the second is too long
    EXPECT_EQ(authentication_results_field("mx; none"), "Authentication-Results: mx; none\r\n");
}

}  // namespace
}  // namespace gatepost::auth::results
