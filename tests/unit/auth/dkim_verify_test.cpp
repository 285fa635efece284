// Signing and verifying whole messages: what is signed passes, what was changed does not, and trouble with a
// key touches its signature alone (RFC 6376 §5, §6).
#include "tests/support/run.hpp"

#include "auth/crypto/signing_key.hpp"
#include "auth/dkim/sign.hpp"
#include "auth/dkim/verify_signature.hpp"
#include "auth/message/author_domain.hpp"

#include "dns/budgeted_resolver.hpp"
#include "dns/zone_resolver.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gatepost::auth::dkim {
namespace {

const std::chrono::system_clock::time_point now{std::chrono::seconds(1'750'000'000)};

dns::DomainName name(std::string_view text) {
    return *dns::DomainName::parse(text);
}

const std::string plain_header =
    "Received: by mx\r\nFrom: Joe <joe@example.org>\r\nTo: a@example.net,\r\n b@example.net\r\n"
    "Subject: hello  there\r\nDate: Mon, 16 Jun 2025 00:00:00 +0000\r\n\r\n";
const std::string plain_body = "First line \r\n\r\n second\tline\r\n\r\n";

// One RSA and one Ed25519 key, made once, and a zone that publishes them.
class DkimVerify : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        rsa_ = std::make_unique<crypto::SigningKey>(*crypto::SigningKey::generate_rsa(1024));
        ed25519_ = std::make_unique<crypto::SigningKey>(*crypto::SigningKey::generate_ed25519());
    }
    static void TearDownTestSuite() {
        rsa_.reset();
        ed25519_.reset();
    }

    DkimVerify() {
        publish("rsa", "example.org", key_record_of(*rsa_));
        publish("ed", "example.org", key_record_of(*ed25519_));
        publish("ed", "list.example", key_record_of(*ed25519_));
    }

    void publish(const std::string& selector, std::string_view domain, const std::string& record) {
        zone_.add(*name(domain).prepend(selector + "._domainkey"), dns::RrType::txt, record);
    }

    static SigningOptions options(std::string_view domain, const std::string& selector) {
        SigningOptions chosen;
        chosen.domain = name(domain);
        chosen.selector = selector;
        return chosen;
    }
    static std::string signature_of(const std::string& header, const std::string& body,
                                    const crypto::SigningKey& key, const SigningOptions& chosen) {
        const auto field = sign(*HeaderBlock::parse(header), body, key, chosen);
        EXPECT_TRUE(field.has_value()) << (field ? "" : field.error().reason().text());
        return field ? *field : "";
    }

    static boost::asio::awaitable<int> fetch(Verifier& verifier, dns::Resolver& resolver) {
        co_await verifier.fetch_keys(resolver);
        co_return 0;
    }
    std::vector<Signature> verify(const std::string& header, const std::string& body,
                                  VerifierOptions chosen = {}) {
        const auto block = HeaderBlock::parse(header);
        Verifier verifier(block, extract_author(*block).domain, chosen, now);
        tests::run(fetch(verifier, zone_));
        verifier.body(body);
        return verifier.finish();
    }
    Signature verify_one(const std::string& header, const std::string& body) {
        const auto signatures = verify(header, body);
        EXPECT_EQ(signatures.size(), 1U);
        return signatures.empty() ? Signature() : signatures.front();
    }

    dns::ZoneResolver zone_;
    static std::unique_ptr<crypto::SigningKey> rsa_;
    static std::unique_ptr<crypto::SigningKey> ed25519_;
};
std::unique_ptr<crypto::SigningKey> DkimVerify::rsa_;
std::unique_ptr<crypto::SigningKey> DkimVerify::ed25519_;

constexpr Canonicalization both[] = {Canonicalization::simple, Canonicalization::relaxed};

TEST_F(DkimVerify, what_is_signed_passes) {
    for (const crypto::SigningKey* key : {rsa_.get(), ed25519_.get()}) {
        for (const Canonicalization of_header : both) {
            for (const Canonicalization of_body : both) {
                SigningOptions chosen = options("example.org", key == rsa_.get() ? "rsa" : "ed");
                chosen.header_canonicalization = of_header;
                chosen.body_canonicalization = of_body;
                chosen.timestamp = now;
                chosen.expiration = now + std::chrono::hours(1);
                chosen.identity = "\"j d\"=1;\xc3\xbc@example.org";  // written so that no reader stops in it
                for (const std::string& body :
                     {plain_body, std::string(), std::string("\r\n"), std::string("x")}) {
                    const std::string field = signature_of(plain_header, body, *key, chosen);
                    const Signature signature = verify_one(field + plain_header, body);
                    EXPECT_EQ(signature.result, Result::pass) << signature.reason << "\n" << field;
                    EXPECT_EQ(signature.identity, chosen.identity);
                    std::size_t start = 0;
                    for (std::size_t end; (end = field.find("\r\n", start)) != std::string::npos;
                         start = end + 2)
                        EXPECT_LE(end - start, 78U) << field;
                }
            }
        }
    }
}

// RFC 6376 §3.4: simple header and body let nothing pass that is not the same, but empty lines at the end.
TEST_F(DkimVerify, no_octet_can_be_changed) {
    SigningOptions chosen = options("example.org", "ed");
    chosen.header_canonicalization = Canonicalization::simple;
    chosen.body_canonicalization = Canonicalization::simple;
    chosen.names = {"from", "to", "subject", "date", "received"};
    const std::string field = signature_of(plain_header, plain_body, *ed25519_, chosen);
    const std::string header = field + plain_header;
    ASSERT_EQ(verify_one(header, plain_body).result, Result::pass);
    // The last character of b= has bits behind the last octet: another character, the same signature.
    const std::size_t spare_bits = field.rfind("==\r\n") - 1;
    for (std::size_t i = 0; i + 2 < header.size(); ++i) {
        if (i == spare_bits) continue;
        std::string changed = header;
        changed[i] = changed[i] == 'x' ? 'y' : 'x';
        for (const Signature& signature : verify(changed, plain_body))
            EXPECT_NE(signature.result, Result::pass) << i << ": " << changed;
    }
    const std::size_t signed_octets = plain_body.size() - 2;
    for (std::size_t i = 0; i < signed_octets; ++i) {
        std::string changed = plain_body;
        changed[i] = changed[i] == 'x' ? 'y' : 'x';
        EXPECT_EQ(verify_one(header, changed).result, Result::fail) << i;
    }
}

TEST_F(DkimVerify, selects_fields_from_the_bottom) {
    SigningOptions chosen = options("example.org", "ed");
    chosen.names = {"from", "x", "x"};
    const std::string header = "X: 3\r\nX: 2\r\nFrom: joe@example.org\r\nX: 1\r\n\r\n";
    const std::string field = signature_of(header, "", *ed25519_, chosen);
    const struct {
        const char* header;
        Result result;
    } cases[] = {
        // RFC 6376 §5.4.2: the lowest two are signed
        {"X: 3\r\nX: 2\r\nFrom: joe@example.org\r\nX: 1\r\n\r\n", Result::pass},
        {"X: 9\r\nX: 2\r\nFrom: joe@example.org\r\nX: 1\r\n\r\n", Result::pass},
        {"X: 2\r\nFrom: joe@example.org\r\nX: 1\r\n\r\n", Result::pass},
        {"X: 3\r\nX: 9\r\nFrom: joe@example.org\r\nX: 1\r\n\r\n", Result::fail},
        {"X: 3\r\nX: 1\r\nFrom: joe@example.org\r\nX: 2\r\n\r\n", Result::fail},
        {"From: joe@example.org\r\nX: 1\r\n\r\n", Result::fail},
        // §8.15: a From that nobody signed
        {"From: eve@example.com\r\nX: 2\r\nFrom: joe@example.org\r\nX: 1\r\n\r\n", Result::policy},
        {"X: 2\r\nX: 1\r\n\r\n", Result::fail},
        // a header that can be read in two ways
        {"X: 2\r\nno field\r\nFrom: joe@example.org\r\nX: 1\r\n\r\n", Result::permerror},
        {"X: 9\rX: 3\r\nX: 2\r\nFrom: joe@example.org\r\nX: 1\r\n\r\n", Result::permerror},
    };
    for (const auto& c : cases)
        EXPECT_EQ(verify_one(field + c.header, "").result, c.result) << c.header;
}

TEST_F(DkimVerify, oversigned_fields_cannot_be_added) {
    const std::string field = signature_of(plain_header, plain_body, *ed25519_, options("example.org", "ed"));
    ASSERT_EQ(verify_one(field + plain_header, plain_body).result, Result::pass);
    for (const char* added : {"From: eve@example.com\r\n", "Subject: x\r\n", "Reply-To: x@example.com\r\n",
                              "Content-Type: text/html\r\n"})
        EXPECT_EQ(verify_one(field + added + plain_header, plain_body).result, Result::fail) << added;
}

TEST_F(DkimVerify, body_length) {
    SigningOptions chosen = options("example.org", "ed");
    chosen.body_canonicalization = Canonicalization::simple;
    const struct {
        std::uint64_t length;
        std::string body;
        Result result;
    } cases[] = {
        {6, "abcd\r\n", Result::pass},
        {6, "abcd\r\n\r\n", Result::pass},  // §3.4.3: empty lines at the end are no body
        // RFC 6376 §8.2: what stands below the end is nobody's
        {6, "abcd\r\nmore\r\n", Result::policy},
        {3, "abcd\r\n", Result::policy},
        {3, "abX\r\n", Result::fail},
        {0, "anything", Result::policy},
        {7, "abcd\r\n", Result::permerror},  // RFC 6376 §3.5: larger than the body
        {~std::uint64_t{0}, "abcd\r\n", Result::permerror},
    };
    for (const auto& c : cases) {
        chosen.body_length = c.length;
        const std::string field = signature_of(plain_header, "abcd\r\n", *ed25519_, chosen);
        const Signature signature = verify_one(field + plain_header, c.body);
        EXPECT_EQ(signature.result, c.result) << c.length << " " << c.body << signature.reason;
        if (c.result == Result::policy) {
            EXPECT_EQ(signature.reason, "the body goes on beyond what l= covers");
        }
    }
}

// RFC 6376 §8.15. What readers show or obey, and how often it is signed.
TEST_F(DkimVerify, a_field_that_stands_twice_and_is_signed_once_authenticates_nobody) {
    const char* const shown[] = {"Date",         "From",
                                 "Sender",       "Reply-To",
                                 "To",           "Cc",
                                 "Bcc",          "Message-ID",
                                 "In-Reply-To",  "References",
                                 "Subject",      "Content-Type",
                                 "MIME-Version", "Content-Transfer-Encoding"};
    for (const std::string field : shown) {
        const bool is_from = field == "From";
        const std::string once =
            (is_from ? "" : "From: joe@example.org\r\n") + field + ": joe@example.org\r\n";
        const std::string above = field + " : eve@example.com\r\n";
        const struct {
            const char* what;
            std::vector<std::string> names;
            std::string signed_header;
            std::string header;
            Result result;
        } cases[] = {
            {"once, signed", {"from", field}, once, once, is_from ? Result::pass : Result::pass},
            {"once, not signed", {"from"}, once, once, Result::pass},
            {"a second one above",
             {"from", field},
             once,
             above + once,
             is_from ? Result::fail : Result::policy},
            {"two, neither signed", {"from"}, above + once, above + once, Result::policy},
            {"two, both signed", {"from", field, field}, above + once, above + once, Result::pass},
            {"three, two signed",
             {"from", field, field},
             above + once,
             above + above + once,
             is_from ? Result::fail : Result::policy},
            {"the signed one changed", {"from", field}, once, above + "X-Y: z\r\n" + above, Result::fail},
        };
        for (const auto& c : cases) {
            SigningOptions chosen = options("example.org", "ed");
            chosen.names = c.names;
            const std::string signature =
                signature_of(c.signed_header + "\r\n", plain_body, *ed25519_, chosen);
            const Signature found = verify_one(signature + c.header + "\r\n", plain_body);
            EXPECT_EQ(found.result, c.result) << field << ", " << c.what << ": " << found.reason;
            EXPECT_EQ(found.reason.empty(), c.result == Result::pass) << field << ", " << c.what;
        }
    }
    // Trace fields and the fields of lists stand several times in honest mail, and are seldom signed.
    for (const std::string other :
         {"Received", "X-Spam", "List-Id", "DKIM-Signature", "Resent-To", "Comments"}) {
        SigningOptions chosen = options("example.org", "ed");
        chosen.names = {"from"};
        const std::string two = other + ": a\r\n" + other + ": b\r\n" + plain_header;
        const std::string signature = signature_of(two, plain_body, *ed25519_, chosen);
        EXPECT_EQ(verify(signature + two, plain_body).front().result, Result::pass) << other;
    }
}

// At its best such a signature is policy: nothing waits for a key that the DNS cannot give now.
TEST_F(DkimVerify, a_partly_signed_message_is_not_open) {
    SigningOptions chosen = options("example.org", "down");
    chosen.names = {"from", "subject"};
    const std::string field = signature_of(plain_header, plain_body, *ed25519_, chosen);
    zone_.add_failure(name("down._domainkey.example.org"), dns::RrType::txt, "TIMEOUT");
    chosen.body_length = 3;
    const std::string short_field = signature_of(plain_header, plain_body, *ed25519_, chosen);
    const struct {
        std::string header;
        Result standing;
    } cases[] = {
        {field + plain_header, Result::temperror},
        {field + "Subject: x\r\n" + plain_header, Result::policy},
        {short_field + plain_header, Result::policy},
    };
    for (const auto& c : cases) {
        const Signature signature = verify_one(c.header, plain_body);
        EXPECT_EQ(signature.result, Result::temperror) << c.header;
        EXPECT_EQ(signature.standing(), c.standing) << c.header;
    }
}

TEST_F(DkimVerify, judges_the_key) {
    const auto small = crypto::SigningKey::generate_rsa(768);
    ASSERT_TRUE(small);
    publish("small", "example.org", key_record_of(*small));
    publish("revoked", "example.org", "v=DKIM1; p=");
    publish("text", "example.org", "hello");
    publish("strict", "example.org", key_record_of(*ed25519_) + "; t=s");
    publish("test", "example.org", key_record_of(*ed25519_) + "; t=y");
    publish("two", "example.org", "hello");
    publish("two", "example.org", key_record_of(*rsa_));
    publish("two", "example.org", key_record_of(*crypto::SigningKey::generate_ed25519()));
    publish("two", "example.org", key_record_of(*ed25519_));
    publish("other", "example.org", key_record_of(*crypto::SigningKey::generate_ed25519()));
    publish("other", "example.org", key_record_of(*rsa_));
    zone_.add_name(name("empty._domainkey.example.org"));
    const struct {
        const char* selector;
        const char* identity;
        const crypto::SigningKey& key;
        Result result;
        std::string reason;
        unsigned bits;
    } cases[] = {
        {"rsa", "", *rsa_, Result::pass, "", 1024},
        {"ed", "@a.example.org", *ed25519_, Result::pass, "", 256},
        {"small", "", *small, Result::policy, "RSA key of 768 bits, below 1024 (RFC 8301)", 768},
        {"none", "", *rsa_, Result::permerror, "no key: none._domainkey.example.org", 0},
        {"empty", "", *rsa_, Result::permerror, "no key: empty._domainkey.example.org", 0},
        {"revoked", "", *rsa_, Result::permerror, "key revoked", 0},
        {"text", "", *rsa_, Result::permerror, "key record: a tag without an equals sign", 0},
        {"ed", "", *rsa_, Result::permerror,
         "key of another type than the algorithm's: ed25519 for rsa-sha256", 256},
        {"strict", "@example.org", *ed25519_, Result::pass, "", 256},
        {"strict", "@a.example.org", *ed25519_, Result::permerror,
         "i= is below d=, which the key forbids (t=s)", 256},
        {"test", "", *ed25519_, Result::pass, "", 256},
        {"two", "", *ed25519_, Result::pass, "", 256},
        {"other", "", *ed25519_, Result::fail, "signature did not verify", 256},
    };
    for (const auto& c : cases) {
        SigningOptions chosen = options("example.org", c.selector);
        chosen.identity = c.identity;
        // A key that may not sign any more still made signatures once.
        const std::string field = signature_of(plain_header, plain_body, c.key, chosen);
        const Signature signature = verify_one(field + plain_header, plain_body);
        EXPECT_EQ(signature.result, c.result) << c.selector << c.identity;
        EXPECT_EQ(signature.reason, c.reason) << c.selector << c.identity;
        EXPECT_EQ(signature.key_bits, c.bits) << c.selector << c.identity;
        EXPECT_EQ(signature.key_in_test_mode, std::string_view(c.selector) == "test");
    }
}

// RFC 6376 §3.4.3, §3.4.4: of one body there may be two hashes.
TEST_F(DkimVerify, body_is_read_by_each_signature_in_its_way) {
    const std::string body = "a  b \r\n\r\n";
    std::string header = plain_header;
    for (const Canonicalization of_body : both) {
        SigningOptions chosen = options("example.org", "ed");
        chosen.body_canonicalization = of_body;
        header = signature_of(plain_header, body, *ed25519_, chosen) + header;
    }
    const auto signatures = verify(header, body);
    ASSERT_EQ(signatures.size(), 2U);
    for (const Signature& signature : signatures)
        EXPECT_EQ(signature.result, Result::pass) << signature.reason;
}

// DNS trouble with one key is temperror for its signature, and nothing for the others.
TEST_F(DkimVerify, trouble_stays_with_its_signature) {
    const std::pair<std::string, std::string> keys[] = {
        {"ed", "example.org"}, {"rsa", "example.org"}, {"ed", "list.example"}};
    std::string header = plain_header;
    for (const auto& [selector, domain] : keys)
        header = signature_of(plain_header, plain_body, selector == "ed" ? *ed25519_ : *rsa_,
                              options(domain, selector)) +
                 header;
    for (std::size_t troubled = 0; troubled < std::size(keys); ++troubled) {
        zone_ = dns::ZoneResolver();
        for (std::size_t i = 0; i < std::size(keys); ++i) {
            const auto& [selector, domain] = keys[i];
            if (i == troubled)
                zone_.add_failure(*name(domain).prepend(selector + "._domainkey"), dns::RrType::txt,
                                  "TIMEOUT");
            else
                publish(selector, domain, key_record_of(selector == "ed" ? *ed25519_ : *rsa_));
        }
        const auto signatures = verify(header, plain_body);
        ASSERT_EQ(signatures.size(), std::size(keys));
        for (std::size_t i = 0; i < std::size(keys); ++i)
            EXPECT_EQ(signatures[std::size(keys) - 1 - i].result,
                      i == troubled ? Result::temperror : Result::pass)
                << troubled << " " << i;
    }
}

// The message's own questions were used up: the key is read as what nobody can have, at each retry.
TEST_F(DkimVerify, a_key_beyond_the_message_is_policy) {
    const std::string header =
        signature_of(plain_header, plain_body, *ed25519_, options("example.org", "ed")) + plain_header;
    const auto block = HeaderBlock::parse(header);
    Verifier verifier(block, extract_author(*block).domain, {}, now);
    boost::asio::io_context context;
    dns::BudgetedResolver nothing_left(context.get_executor(), zone_, dns::QueryBudget());
    tests::run(context, fetch(verifier, nothing_left));
    verifier.body(plain_body);
    const auto signatures = verifier.finish();
    ASSERT_EQ(signatures.size(), 1U);
    EXPECT_EQ(signatures.front().result, Result::policy);
    EXPECT_EQ(signatures.front().reason.words(), "more lookups than a message may cost");
    EXPECT_FALSE(signatures.front().key_absent);
}

TEST_F(DkimVerify, a_budget_before_any_question) {
    // Decoys above the author's own signature.
    std::string header = plain_header;
    header = signature_of(plain_header, plain_body, *ed25519_, options("example.org", "ed")) + header;
    for (int i = 0; i < 30; ++i)
        header = signature_of(plain_header, plain_body, *ed25519_, options("list.example", "ed")) + header;
    const auto signatures = verify(header, plain_body, VerifierOptions{3, 1024});
    ASSERT_EQ(signatures.size(), 31U);
    for (std::size_t i = 0; i < 31; ++i) {
        const bool tried = i < 2 || i == 30;  // the author domain's first, then from the top
        EXPECT_EQ(signatures[i].result, tried ? Result::pass : Result::policy) << i;
        EXPECT_EQ(signatures[i].reason, tried ? "" : "more than 3 signatures") << i;
    }
    EXPECT_EQ(zone_.questions().size(), 2U);  // one for each name
}

TEST_F(DkimVerify, invalid_signatures_cost_no_question) {
    const std::string header =
        "DKIM-Signature: v=1; d=example.org; s=ed\r\nDKIM-Signature: x\r\n" + plain_header;
    const auto signatures = verify(header, plain_body);
    ASSERT_EQ(signatures.size(), 2U);
    EXPECT_EQ(signatures[0].result, Result::permerror);
    EXPECT_EQ(signatures[0].domain, name("example.org"));
    EXPECT_EQ(signatures[1].result, Result::permerror);
    EXPECT_EQ(signatures[1].domain, std::nullopt);
    EXPECT_TRUE(zone_.questions().empty());
}

TEST_F(DkimVerify, without_keys_there_is_no_verdict) {
    const std::string field = signature_of(plain_header, plain_body, *ed25519_, options("example.org", "ed"));
    const auto block = HeaderBlock::parse(field + plain_header);
    Verifier verifier(block, std::nullopt, VerifierOptions(), now);
    verifier.body(plain_body);
    EXPECT_EQ(verifier.finish().front().result, Result::temperror);
}

TEST_F(DkimVerify, signs_no_nonsense) {
    const auto block = HeaderBlock::parse(plain_header);
    const auto refused = [&](const SigningOptions& chosen, const HeaderBlock& header) {
        return !sign(header, plain_body, *ed25519_, chosen).has_value();
    };
    SigningOptions chosen = options("example.org", "ed");
    EXPECT_FALSE(refused(chosen, *block));
    chosen.names = {"to"};
    EXPECT_TRUE(refused(chosen, *block));
    chosen.names = {"from", "a b"};
    EXPECT_TRUE(refused(chosen, *block));
    chosen = options("example.org", "ed");
    chosen.identity = "@example.com";
    EXPECT_TRUE(refused(chosen, *block));
    chosen = options("example.org", "e\r\nd");
    EXPECT_TRUE(refused(chosen, *block));
    EXPECT_TRUE(refused(options("org", "ed"), *block));
    EXPECT_TRUE(refused(options("example.org", "ed"), *HeaderBlock::parse("no field\r\n\r\n")));
}

}  // namespace
}  // namespace gatepost::auth::dkim
