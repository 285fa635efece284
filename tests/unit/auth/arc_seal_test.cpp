// Sealing (RFC 8617 §5.1): what is sealed validates, each step a set higher; and where no set may be added,
// none is.
#include "tests/support/run.hpp"

#include "auth/arc/seal.hpp"
#include "auth/arc/validate_chain.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/dkim/header_hash.hpp"
#include "auth/dkim/sign.hpp"
#include "auth/dkim/signature_field.hpp"

#include "dns/zone_resolver.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gatepost::auth::arc {
namespace {

const std::chrono::system_clock::time_point now{std::chrono::seconds(1'750'000'000)};

const std::string plain_header =
    "Authentication-Results: mx.example; spf=pass\r\nReceived: from a by b; today\r\nDKIM-Signature: v=1; "
    "b=\r\n"
    "dkim-signature: v=1; a=x\r\nFrom: Joe <joe@example.org>\r\nTo: a@example.net\r\nSubject: hello  "
    "there\r\n"
    "Received: from c by a; yesterday\r\n\r\n";
const std::string plain_body = "First line \r\n\r\n second\tline\r\n\r\n";
const std::string results =
    "mx.example; spf=pass smtp.mailfrom=example.org; dkim=none; dmarc=pass (a comment; with \"quotes\") "
    "header.from=example.org reason=\"text  with blanks\"";

class ArcSeal : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        rsa_ = make_identity(*crypto::SigningKey::generate_rsa(1024), "rsa");
        ed25519_ = make_identity(*crypto::SigningKey::generate_ed25519(), "ed");
    }
    static void TearDownTestSuite() {
        rsa_.reset();
        ed25519_.reset();
    }
    ArcSeal() {
        for (const auto& identity : {rsa_, ed25519_})
            zone_.add(identity->domain.prepend(identity->selector + "._domainkey").value(), dns::RrType::txt,
                      dkim::key_record_of(identity->key));
    }

    static SealerIdentityPtr make_identity(crypto::SigningKey key, const std::string& selector) {
        return std::make_shared<SealerIdentity>(
            SealerIdentity{dns::DomainName::parse("sealer.example").value(), selector, std::move(key)});
    }
    static boost::asio::awaitable<int> fetch(Validator& validator, dns::Resolver& resolver) {
        co_await validator.fetch_keys(resolver);
        co_return 0;
    }
    Chain validate(const std::string& header, const std::string& body = plain_body) {
        Validator validator(HeaderBlock::parse(header), {}, now);
        tests::run(fetch(validator, zone_));
        validator.body(body);
        return validator.finish();
    }
    static Sealed seal(const std::string& header, const Chain& chain, SealerIdentityPtr identity = ed25519_,
                       std::size_t chunk = 1000) {
        MessageSealer sealer(std::move(identity));
        for (std::size_t at = 0; at < plain_body.size(); at += chunk)
            sealer.body(std::string_view(plain_body).substr(at, chunk));
        SealingOptions options;
        options.timestamp = now;
        return sealer.seal(*HeaderBlock::parse(header), chain, results, options);
    }
    std::string sealed_times(unsigned count) {
        std::string header = plain_header;
        for (unsigned i = 0; i < count; ++i)
            header = seal(header, validate(header), i % 2 == 0 ? ed25519_ : rsa_).fields + header;
        return header;
    }
    static Chain failed(unsigned instance) {
        Chain chain;
        chain.result = Result::fail;
        chain.instance = instance;
        return chain;
    }

    dns::ZoneResolver zone_;
    static SealerIdentityPtr rsa_;
    static SealerIdentityPtr ed25519_;
};
SealerIdentityPtr ArcSeal::rsa_;
SealerIdentityPtr ArcSeal::ed25519_;

TEST_F(ArcSeal, what_is_sealed_validates) {
    for (const unsigned count : {1U, 2U, 3U}) {
        const std::string header = sealed_times(count);
        const Chain chain = validate(header);
        EXPECT_EQ(chain.result, Result::pass) << count << ": " << chain.reason << header;
        EXPECT_EQ(chain.instance, count);
        EXPECT_TRUE(chain.covers_from && chain.covers_whole_body);
        EXPECT_EQ(chain.sealers.back().domain->text(), "sealer.example");
        EXPECT_EQ(validate(header, plain_body + "more\r\n").result, Result::fail);
        EXPECT_EQ(validate("From: other@example.org\r\n" + header).covers_from, false);
    }
}

// RFC 8617 §4.1, §5.1: the form of the three fields.
TEST_F(ArcSeal, writes_the_fields_in_order_with_i_first) {
    const Sealed sealed = seal(plain_header, Chain());
    EXPECT_EQ(sealed.instance, 1U);
    EXPECT_EQ(sealed.status, ChainStatus::none);
    EXPECT_EQ(sealed.reason, "");
    const auto set = HeaderBlock::parse(sealed.fields);
    ASSERT_EQ(set->fields().size(), 3U);
    EXPECT_EQ(set->fault(), HeaderFault::none);
    const char* const starts[] = {
        "ARC-Seal: i=1; a=ed25519-sha256; d=sealer.example; s=ed; t=1750000000; cv=none;",
        "ARC-Message-Signature: i=1; a=ed25519-sha256; d=sealer.example; s=ed;",
        "ARC-Authentication-Results: i=1; mx.example; spf=pass "};
    for (std::size_t i = 0; i < 3; ++i) {
        std::string text = unfold(set->fields()[i].raw);
        std::replace(text.begin(), text.end(), '\t', ' ');
        EXPECT_TRUE(text.starts_with(starts[i])) << text;
    }
    std::string value = unfold(set->fields()[2].value);
    EXPECT_EQ(value, "i=1; " + results);
    std::size_t line = 0;
    for (const char c : sealed.fields) {
        line = c == '\n' ? 0 : line + 1;
        EXPECT_LE(line, 79U);  // RFC 5322 §2.1.1, the CR with it
    }
}

// RFC 8617 §4.1.2: which fields the message signature names, and which it must not.
TEST_F(ArcSeal, signs_what_stays) {
    const auto header = HeaderBlock::parse(sealed_times(1));
    const auto tags = TagList::parse(header->find("ARC-Message-Signature")->value);
    const auto names = *dkim::parse_signed_names(*tags->value("h"));
    const auto count = [&](const char* name) {
        return std::count(names.begin(), names.end(), name);
    };
    for (const char* name :
         {"authentication-results", "arc-seal", "arc-message-signature", "arc-authentication-results",
          "received", "received-spf", "x-quarantine", "return-path"})
        EXPECT_EQ(count(name), 0) << name;
    EXPECT_EQ(count("from"), 2);  // once more than it is there: none can be added
    EXPECT_EQ(count("subject"), 2);
    EXPECT_EQ(count("dkim-signature"), 2);
    std::string many;
    for (int i = 0; i < 300; ++i)
        many += "DKIM-Signature: v=1\r\n";
    EXPECT_EQ(names_to_seal(*HeaderBlock::parse(many + plain_header)).size(), dkim::maximum_signed_names);
    const std::string crowded = many + plain_header;
    EXPECT_EQ(validate(seal(crowded, Chain()).fields + crowded).result, Result::pass);
}

TEST_F(ArcSeal, bodies_may_come_in_any_pieces) {
    const std::string whole = seal(plain_header, Chain()).fields;
    for (std::size_t chunk = 1; chunk <= plain_body.size(); ++chunk)
        EXPECT_EQ(seal(plain_header, Chain(), ed25519_, chunk).fields, whole) << chunk;
}

// RFC 8617 §5.1.2, §5.2.1: whatever failed, one set says so, sealed over itself alone.
TEST_F(ArcSeal, a_failed_chain_gets_one_set_over_itself) {
    std::string header = sealed_times(2);
    header.replace(header.find("cv=pass"), 7, "cv=paSS");  // the seal of set 2 no longer verifies
    const Chain broken = validate(header);
    ASSERT_EQ(broken.result, Result::fail);
    const Sealed sealed = seal(header, broken);
    EXPECT_EQ(sealed.instance, 3U);
    EXPECT_EQ(sealed.status, ChainStatus::fail);
    const Chain next = validate(sealed.fields + header);
    EXPECT_TRUE(next.newest_says_fail);
    EXPECT_EQ(next.reason, "ARC-Seal i=3 says cv=fail");
    // The seal verifies as if its set were the only one.
    const auto alone = HeaderBlock::parse(sealed.fields);
    std::string hashed;
    for (const char* name : {"ARC-Authentication-Results", "ARC-Message-Signature"})
        dkim::canonicalize_header_field(dkim::Canonicalization::relaxed, alone->find(name)->raw, hashed);
    const HeaderField& seal_field = *alone->find("ARC-Seal");
    const auto tags = TagList::parse(seal_field.value);
    dns::IdnaBudget names;
    const auto parsed = dkim::parse_signature_tags(*tags, dkim::SignatureSyntax::arc_seal, now, names);
    hashed += dkim::canonical_signature_field(dkim::Canonicalization::relaxed, seal_field.raw,
                                              parsed.spelled_signature);
    const auto key = crypto::PublicKey::ed25519(ed25519_->key.public_key_octets());
    EXPECT_TRUE(key->verify_sha256(crypto::sha256(hashed), parsed.signature));
}

TEST_F(ArcSeal, decides_on_instance_and_cv) {
    Chain temporary = failed(2);
    temporary.temporary = true;
    Chain says_fail = failed(2);
    says_fail.newest_says_fail = true;
    Chain longest = failed(50);
    Chain passing;
    passing.result = Result::pass;
    passing.instance = 50;
    struct Case {
        Chain chain;
        unsigned instance;
        ChainStatus status;
        std::string reason;
    };
    const Case table[] = {
        {Chain(), 1, ChainStatus::none, ""},
        {failed(0), 1, ChainStatus::fail, ""},  // fields, but none with a readable instance
        {failed(7), 8, ChainStatus::fail, ""},
        {failed(49), 50, ChainStatus::fail, ""},
        {temporary, 3, ChainStatus::fail, ""},                                  // §5.2.1
        {says_fail, 0, ChainStatus::fail, "the newest ARC-Seal says cv=fail"},  // §5.1 step 2
        {longest, 0, ChainStatus::fail, "the chain has 50 sets"},               // §4.2.1
        {passing, 0, ChainStatus::pass, "the chain has 50 sets"},
    };
    for (const Case& c : table) {
        const Sealed sealed = seal(plain_header, c.chain);
        EXPECT_EQ(sealed.instance, c.instance) << c.reason;
        EXPECT_EQ(sealed.reason, c.reason);
        EXPECT_EQ(sealed.fields.empty(), c.instance == 0);
        EXPECT_EQ(sealed.status, c.status) << c.reason;
    }
}

TEST_F(ArcSeal, adds_nothing_that_could_not_hold) {
    EXPECT_EQ(seal("no colon\r\n" + plain_header, Chain()).reason,
              "malformed header: a line without a colon");
    // A pass of which the header that goes on has no trace.
    Chain passing = validate(sealed_times(1));
    EXPECT_EQ(seal(plain_header, passing).reason, "the chain is not the one that was validated");
    std::string many;
    for (int i = 0; i < 300; ++i)
        many += "To: a@example.net\r\n";
    EXPECT_EQ(seal(many + plain_header, Chain()).reason, "fields that cannot be signed");
    MessageSealer sealer(rsa_);
    SealingOptions options;
    options.names = {"from", "authentication-results"};
    EXPECT_EQ(sealer.seal(*HeaderBlock::parse(plain_header), Chain(), results, options).reason,
              "fields that cannot be signed");
}

TEST_F(ArcSeal, fifty_sets_and_no_more) {
    std::string header = plain_header;
    for (unsigned i = 1; i <= 50; ++i)
        header = seal(header, validate(header), rsa_).fields + header;  // by Ed25519 they cost too much
    const Chain chain = validate(header);
    EXPECT_EQ(chain.result, Result::pass) << chain.reason;
    EXPECT_EQ(chain.instance, 50U);
    EXPECT_EQ(seal(header, chain).fields, "");
}

}  // namespace
}  // namespace gatepost::auth::arc
