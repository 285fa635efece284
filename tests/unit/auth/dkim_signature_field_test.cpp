#include "auth/dkim/signature_field.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth::dkim {
namespace {

const std::chrono::system_clock::time_point now{std::chrono::seconds(1'000'000)};
const std::string hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

// A whole set of tags, of which one is replaced, or left out by "-name".
std::string with(const std::string& change) {
    std::vector<std::pair<std::string, std::string>> tags = {
        {"v", "1"},    {"a", "rsa-sha256"}, {"d", "example.org"},  {"s", "sel"},
        {"h", "from"}, {"bh", hash},        {"b", "AAAAAAAAAAAA"},
    };
    const std::size_t equals = change.find('=');
    const std::string name = change.starts_with('-') ? change.substr(1) : change.substr(0, equals);
    std::string text;
    for (const auto& [known, value] : tags)
        if (known != name) text += known + "=" + value + "; ";
    if (equals != std::string::npos) text += change;
    return text;
}

// With the block that its views are parts of.
struct Read : SignatureField {
    HeaderBlockPtr block;
};

Read parse(const std::string& value) {
    const auto block = HeaderBlock::parse("DKIM-Signature: " + value + "\r\n");
    EXPECT_EQ(block->fields().size(), 1U);
    dns::IdnaBudget names;
    return Read{parse_signature_field(block->fields().front(), now, names), block};
}

TEST(DkimSignatureField, is_valid) {
    const std::string changes[] = {
        "zz=unknown",
        "b=AAAA\r\n AA AA",
        "c=relaxed",
        "c=simple/relaxed",
        "h=From : To:\r\n from",
        "i=@example.org",
        "i=a@b.example.org",
        "i=a=20b@example.org",
        "l=0",
        "l=99999999999999999999999999",
        "q=dns/txt",
        "q=x : dns/txt",
        "t=1000000",
        "t=1",
        "x=1000000",
        "x=9999999999999999999999999",
        "t=1; x=2000000",
        "s=a_b.c",
        "a=ed25519-sha256",
        "d=EXAMPLE.org",
        "d=b\xc3\xbc"
        "cher.example",
        "z=From:x|To:y",
        "t=1086400",
    };
    for (const std::string& change : changes)
        EXPECT_EQ(parse(with(change)).fault, "") << change;
}

TEST(DkimSignatureField, is_invalid) {
    const struct {
        std::string change, fault;
    } cases[] = {
        // RFC 6376 §6.1.1: required tags
        {"-v", "no v= tag"},
        {"-a", "no a= tag"},
        {"-b", "no b= tag"},
        {"-bh", "no bh= tag"},
        {"-d", "no d= tag"},
        {"-h", "no h= tag"},
        {"-s", "no s= tag"},
        // §3.5
        {"v=2", "incompatible version: v=2"},
        {"v=1.0", "incompatible version: v=1.0"},
        {"v=", "incompatible version: v="},
        {"a=rsa-sha1", "algorithm rsa-sha1 is historic (RFC 8301)"},
        {"a=rsa-sha512", "unknown algorithm: a=rsa-sha512"},
        {"a=", "unknown algorithm: a="},
        {"b=", "b= is empty"},
        {"b=A", "b= is no base64, or too long"},
        {"b=" + std::string(2800, 'A'), "b= is no base64, or too long"},
        {"bh=AAAA", "bh= is no base64 of a SHA-256 hash"},
        {"bh=" + hash + hash, "bh= is no base64 of a SHA-256 hash"},
        {"c=nowsp", "unknown canonicalization: c=nowsp"},
        {"c=simple/nowsp", "unknown canonicalization: c=simple/nowsp"},
        {"c=simple/", "unknown canonicalization: c=simple/"},
        {"d=example", "d= is no domain name"},
        {"d=", "d= is no domain name"},
        {"d=a..example", "d= is no domain name"},
        {"d=example.org.", "d= is no domain name"},
        {"d=[192.0.2.1]", "d= is no domain name"},
        {"d=exa mple.org", "d= is no domain name"},
        {"s=", "s= is no selector"},
        {"s=.", "s= is no selector"},
        {"s=a..b", "s= is no selector"},
        {"s=a b", "s= is no selector"},
        {"d=" + std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + "." +
             std::string(60, 'd') + ".example",
         "the name of the key is too long"},
        {"h=", "an empty name in h="},
        {"h=from:", "an empty name in h="},
        {"h=from::to", "an empty name in h="},
        {"h=from:t o", "an invalid name in h="},
        {"h=to:subject", "h= does not name From"},
        {"i=", "i= is no identity"},
        {"i=example.org", "i= is no identity"},
        {"i=a@", "i= has no domain"},
        {"i=a=0D=0Ab@example.org", "i= is no identity"},
        {"i=a=zz@example.org", "i= is no identity"},
        {"i=a=FF@example.org", "i= is no identity"},
        {"i=@org", "i= has no domain"},
        {"i=@other.example", "i= is not at or below d="},
        {"i=@notexample.org", "i= is not at or below d="},
        {"l=", "l= is no number"},
        {"l=-1", "l= is no number"},
        {"l=1 2", "l= is no number"},
        {"l=" + std::string(77, '1'), "l= is no number"},
        {"q=dns", "no known query method in q="},
        {"t=x", "t= is no number"},
        {"x=x", "x= is no number"},
        {"x=999999", "signature expired (x=)"},
        {"t=5; x=5", "x= is not after t="},
        {"t=1086401", "signed in the future (t=)"},
        // §3.2
        {"d=example.org; d=example.org", "a tag twice: d"},
        {"zz=1; zz=2", "a tag twice: zz"},
        {"zz", "a tag without an equals sign"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(parse(c.change == "zz" ? with("-none") + "zz" : with(c.change)).fault, c.fault) << c.change;
}

TEST(DkimSignatureField, bounds_the_names) {
    std::string names = "from";
    for (std::size_t i = 1; i < maximum_signed_names; ++i)
        names += ":a";
    EXPECT_EQ(parse(with("h=" + names)).fault, "");
    EXPECT_EQ(parse(with("h=" + names + ":a")).fault, "too many names in h=");
}

TEST(DkimSignatureField, reads_its_tags) {
    const Read field = parse(
        "v=1; a=rsa-sha256; d=B\xc3\xbc"
        "cher.example; s=Sel.x; c=relaxed; i=J=6Fe@sub.b\xc3\xbc"
        "cher.example; h=From:TO;"
        " l=7; t=5; x=99999999999; bh=" +
        hash + "; b= AAA\r\n ABBBB CCCC ; ");
    EXPECT_EQ(field.fault, "");
    EXPECT_EQ(field.domain->text(), "xn--bcher-kva.example");  // RFC 8616 §5
    EXPECT_EQ(field.selector, "sel.x");
    EXPECT_EQ(field.key_name->text(), "sel.x._domainkey.xn--bcher-kva.example");
    EXPECT_EQ(field.identity, "Joe@sub.xn--bcher-kva.example");
    EXPECT_EQ(field.header_canonicalization, Canonicalization::relaxed);
    EXPECT_EQ(field.body_canonicalization, Canonicalization::simple);
    EXPECT_EQ(field.signed_names, (std::vector<std::string>{"from", "to"}));
    EXPECT_EQ(field.body_length, 7U);
    EXPECT_EQ(field.signature_prefix, "AAAABBBB");  // RFC 6008 §4
    EXPECT_EQ(field.spelled_signature, " AAA\r\n ABBBB CCCC ");
    EXPECT_EQ(parse(with("-i")).identity, "@example.org");
    EXPECT_EQ(parse_number(std::string(30, '9')), ~std::uint64_t{0});
}

// What can be read is told even of a field that is no good.
TEST(DkimSignatureField, tells_what_it_could_read) {
    const Read field = parse(with("v=2"));
    EXPECT_EQ(field.domain->text(), "example.org");
    EXPECT_EQ(field.selector, "sel");
    EXPECT_EQ(field.algorithm, "rsa-sha256");
    EXPECT_EQ(parse(with("d=")).selector, "sel");
}

}  // namespace
}  // namespace gatepost::auth::dkim
