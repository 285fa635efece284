// Validation of whole chains (RFC 8617 §5.2): what is sealed passes, what was changed does not, and trouble
// with any one key never makes a pass.
#include "tests/support/arc_chain.hpp"
#include "tests/support/run.hpp"

#include "auth/arc/validate_chain.hpp"
#include "auth/dkim/sign.hpp"

#include "dns/zone_resolver.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth::arc {
namespace {

using dkim::key_record_of;
using tests::ArcSetToMake;

const std::chrono::system_clock::time_point now{std::chrono::seconds(1'750'000'000)};

const std::string plain_header =
    "From: Joe <joe@example.org>\r\nTo: a@example.net\r\nSubject: hello  there\r\n\r\n";
const std::string plain_body = "First line \r\n\r\n second\tline\r\n\r\n";

class ArcValidate : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        rsa_ = std::make_unique<crypto::SigningKey>(*crypto::SigningKey::generate_rsa(1024));
        ed25519_ = std::make_unique<crypto::SigningKey>(*crypto::SigningKey::generate_ed25519());
    }
    static void TearDownTestSuite() {
        rsa_.reset();
        ed25519_.reset();
    }

    ArcValidate() {
        for (unsigned i = 1; i <= 50; ++i)
            publish(domain(i), key_record_of(key(i)));
    }

    // Each set of a chain has a domain of its own; the keys are RSA and Ed25519 by turns.
    static std::string domain(unsigned instance) { return "s" + std::to_string(instance) + ".example"; }
    static const crypto::SigningKey& key(unsigned instance) { return instance % 2 ? *ed25519_ : *rsa_; }
    static dns::DomainName key_name(const std::string& domain) {
        return dns::DomainName::parse("s._domainkey." + domain).value();
    }
    static const crypto::SigningKey* key_of_other_type(unsigned instance) { return &key(instance + 1); }
    // Another key of the same type.
    static const crypto::SigningKey* other_of(unsigned instance) {
        static const auto rsa = crypto::SigningKey::generate_rsa(1024);
        static const auto ed25519 = crypto::SigningKey::generate_ed25519();
        return instance % 2 ? &*ed25519 : &*rsa;
    }
    void publish(const std::string& domain, const std::string& record) {
        zone_.add(key_name(domain), dns::RrType::txt, record);
    }

    static std::string add_set(const std::string& header, ArcSetToMake set,
                               const std::string& body = plain_body) {
        set.domain = domain(set.instance);
        return make_arc_set(set, header, body, key(set.instance)) + header;
    }
    // plain_header with sets 1 to `count` above it.
    static std::string chain_of(unsigned count) {
        std::string header = plain_header;
        for (unsigned i = 1; i <= count; ++i) {
            ArcSetToMake set;
            set.instance = i;
            header = add_set(header, set);
        }
        return header;
    }

    static boost::asio::awaitable<int> fetch(Validator& validator, dns::Resolver& resolver) {
        co_await validator.fetch_keys(resolver);
        co_return 0;
    }
    Chain validate(const std::string& header, const std::string& body = plain_body, std::size_t cut = 0,
                   dns::Resolver* resolver = nullptr, ValidatorOptions options = {}) {
        Validator validator(HeaderBlock::parse(header), options, now);
        tests::run(fetch(validator, resolver ? *resolver : zone_));
        validator.body(std::string_view(body).substr(0, cut));
        validator.body(std::string_view(body).substr(cut));
        return validator.finish();
    }

    dns::ZoneResolver zone_;
    static std::unique_ptr<crypto::SigningKey> rsa_;
    static std::unique_ptr<crypto::SigningKey> ed25519_;
};
std::unique_ptr<crypto::SigningKey> ArcValidate::rsa_;
std::unique_ptr<crypto::SigningKey> ArcValidate::ed25519_;

TEST_F(ArcValidate, chains_up_to_50_sets_pass) {
    for (const unsigned count : {1U, 2U, 3U, 50U}) {
        const std::string header = chain_of(count);
        const Chain chain = validate(header);
        EXPECT_EQ(chain.result, Result::pass) << count << ": " << chain.reason;
        EXPECT_EQ(chain.reason, "");
        EXPECT_EQ(chain.instance, count);
        EXPECT_TRUE(chain.covers_from && chain.covers_whole_body);
        ASSERT_EQ(chain.sealers.size(), count);
        for (unsigned i = 1; i <= count; ++i) {
            EXPECT_EQ(chain.sealers[i - 1].instance, i);
            EXPECT_EQ(chain.sealers[i - 1].domain->text(), domain(i));
            EXPECT_EQ(chain.sealers[i - 1].selector, "s");
        }
    }
}

TEST_F(ArcValidate, no_arc_field_is_none_and_asks_nothing) {
    const Chain chain = validate(plain_header);
    EXPECT_EQ(chain.result, Result::none);
    EXPECT_EQ(chain.instance, 0U);
    EXPECT_EQ(chain.reason, "");
    EXPECT_TRUE(zone_.questions().empty());
}

TEST_F(ArcValidate, bodies_may_be_cut_anywhere) {
    for (const char* canonicalization : {"simple", "relaxed"}) {
        ArcSetToMake set;
        set.canonicalization = canonicalization;
        const std::string header = add_set(plain_header, set);
        for (std::size_t cut = 0; cut <= plain_body.size(); ++cut)
            EXPECT_EQ(validate(header, plain_body, cut).result, Result::pass) << cut;
        EXPECT_EQ(validate(header, plain_body + "x").reason,
                  "ARC-Message-Signature i=1: body hash did not verify");
    }
}

// What is signed is every octet of the three fields of each set, and the fields that h= names; white space at
// the ends is not, nor bits behind the last octet of base64, nor letters' case in a field name.
TEST_F(ArcValidate, no_octet_can_be_changed) {
    const std::string header = chain_of(2);
    for (std::size_t i = 0; i + 4 < header.size(); ++i) {
        std::string changed = header;
        changed[i] = changed[i] == '#' ? '%' : '#';
        const Chain chain = validate(changed);
        EXPECT_NE(chain.result, Result::pass) << i << ": " << changed.substr(0, i);
        EXPECT_FALSE(chain.temporary);
        if (HasFailure()) break;
    }
}

// RFC 8617 §5.2 step 4: of the message signatures only the newest counts.
TEST_F(ArcValidate, a_message_changed_between_two_sealers_passes) {
    std::string header = chain_of(1);
    header.replace(header.find("Subject: hello"), 14, "Subject: [list] hello");
    const std::string body = plain_body + "-- \r\nfooter\r\n";
    EXPECT_EQ(validate(header, body).result, Result::fail);
    ArcSetToMake set;
    set.instance = 2;
    const std::string resealed = add_set(header, set, body);
    const Chain chain = validate(resealed, body);
    EXPECT_EQ(chain.result, Result::pass) << chain.reason;
    EXPECT_EQ(validate(resealed, plain_body).result, Result::fail);
}

// RFC 8617 §5.2 steps 1 to 3: bounds and structure before any key is asked for.
TEST_F(ArcValidate, structure_decides_without_a_question) {
    const std::string two = chain_of(2);
    const std::string set_two = two.substr(0, two.size() - chain_of(1).size());
    const auto cv_of = [](unsigned instance, const std::string& cv, const std::string& header) {
        ArcSetToMake set;
        set.instance = instance;
        set.cv = cv;
        return add_set(header, set);
    };
    struct Case {
        std::string header;
        std::string reason;
        unsigned instance;
        bool newest_says_fail = false;
    };
    const Case table[] = {
        {cv_of(1, "fail", plain_header), "ARC-Seal i=1 says cv=fail", 1, true},
        {cv_of(2, "fail", chain_of(1)), "ARC-Seal i=2 says cv=fail", 2, true},
        {cv_of(2, "pass", cv_of(1, "fail", plain_header)), "ARC-Seal i=1 says cv=fail", 2},
        {cv_of(1, "pass", plain_header), "ARC-Seal i=1 has a cv= that its place in the chain forbids", 1},
        {cv_of(2, "none", chain_of(1)), "ARC-Seal i=2 has a cv= that its place in the chain forbids", 2},
        {set_two + plain_header, "no ARC set i=1", 2},
        {set_two + two, "ARC-Seal i=2 twice", 2},
        {"no colon here\r\n" + two, "malformed header: a line without a colon", 2},
        {"ARC-Seal: i=51; cv=pass\r\n" + two, "ARC-Seal without an instance", 2},
    };
    for (const Case& c : table) {
        const Chain chain = validate(c.header);
        EXPECT_EQ(chain.result, Result::fail) << c.header;
        EXPECT_EQ(chain.reason, c.reason);
        EXPECT_EQ(chain.instance, c.instance) << c.reason;
        EXPECT_EQ(chain.newest_says_fail, c.newest_says_fail) << c.reason;
        EXPECT_FALSE(chain.temporary);
    }
    EXPECT_TRUE(zone_.questions().empty());
}

TEST_F(ArcValidate, tags_decide_without_a_question) {
    struct Case {
        ArcSetToMake set;
        std::string reason;
    };
    const auto with = [](std::string ArcSetToMake::*part, const std::string& value) {
        ArcSetToMake set;
        set.*part = value;
        return set;
    };
    const Case table[] = {
        // RFC 8617 §4.1.3
        {with(&ArcSetToMake::seal_tags, "h=from; "), "ARC-Seal i=1: h= in an ARC-Seal"},
        // RFC 8617 §4.1.2
        {with(&ArcSetToMake::names, "from:ARC-Seal"), "ARC-Message-Signature i=1: h= names ARC-Seal"},
        {with(&ArcSetToMake::canonicalization, "nofws"),
         "ARC-Message-Signature i=1: unknown canonicalization: c=nofws/nofws"},
        {with(&ArcSetToMake::message_signature_tags, "q=other; "),
         "ARC-Message-Signature i=1: no known query method in q="},
        {with(&ArcSetToMake::message_signature_tags, "x=1749999999; "),
         "ARC-Message-Signature i=1: x= is not after t="},
        {with(&ArcSetToMake::message_signature_tags, "d=example.org; "),
         "ARC-Message-Signature: a tag twice: d"},
        {with(&ArcSetToMake::selector, "a b"), "ARC-Message-Signature i=1: s= is no selector"},
    };
    for (const Case& c : table) {
        const Chain chain = validate(add_set(plain_header, c.set));
        EXPECT_EQ(chain.result, Result::fail);
        EXPECT_EQ(chain.reason, c.reason);
    }
    EXPECT_TRUE(zone_.questions().empty());
}

TEST_F(ArcValidate, tags_that_mean_nothing_here_are_ignored) {  // RFC 8617 §4.1.2, §4.1.3
    ArcSetToMake set;
    set.message_signature_tags = "v=9; unknown=(x); ";
    set.seal_tags = "v=1; c=simple/simple; bh=?; x=1; q=other; ";
    const Chain chain = validate(add_set(plain_header, set));
    EXPECT_EQ(chain.result, Result::pass) << chain.reason;
}

// RFC 8617 asks for no From in h= and no whole body; a pass says what it covers.
TEST_F(ArcValidate, a_pass_tells_what_it_does_not_cover) {
    struct Case {
        std::string names;
        std::optional<std::uint64_t> length;
        std::string above;  // a field put on top afterwards
        bool covers_from;
        bool covers_whole_body;
        bool covers_repeated_fields = true;
    };
    const std::string from = "From: boss@example.com\r\n";
    const Case table[] = {
        {"from:subject", std::nullopt, "", true, true},
        {"from:subject", std::nullopt, from, false, true, false},
        {"From:from", std::nullopt, "", true, true},
        {"subject", std::nullopt, "", false, true},
        {"", std::nullopt, "", false, true},
        {"from::to", std::nullopt, "", true, true},
        {"from", 12, "", true, false},
        {"from:subject", std::nullopt, "Subject: y\r\n", true, true, false},
        {"from", std::nullopt, "Subject: y\r\n", true, true, false},
        {"from:subject", std::nullopt, "Received: y\r\nReceived: z\r\n", true, true},
        {"from", 12, "Content-Type: text/html\r\nContent-Type: text/html\r\n", true, false, false},
        {"subject", 12, "", false, false},
    };
    for (const Case& c : table) {
        ArcSetToMake set;
        set.names = c.names;
        set.body_length = c.length;
        const Chain chain = validate(c.above + add_set(plain_header, set));
        EXPECT_EQ(chain.result, Result::pass) << chain.reason;
        EXPECT_EQ(chain.covers_from, c.covers_from) << c.names << c.above;
        EXPECT_EQ(chain.covers_whole_body, c.covers_whole_body) << c.names;
        EXPECT_EQ(chain.covers_repeated_fields, c.covers_repeated_fields) << c.names << c.above;
        const bool covers_all = c.covers_from && c.covers_repeated_fields && c.covers_whole_body;
        EXPECT_EQ(chain.proves_message(), covers_all) << c.names << c.above;
        EXPECT_EQ(chain.reason.empty(), covers_all) << chain.reason;
    }
}

// RFC 8617 §5.2.1: what the DNS cannot tell is a failure, and never more; `temporary` says that nothing else
// is wrong. Each key of the chain in turn.
TEST_F(ArcValidate, a_key_that_cannot_be_had_fails_the_chain) {
    const std::string header = chain_of(4);
    for (unsigned broken = 1; broken <= 4; ++broken) {
        dns::ZoneResolver zone;
        for (unsigned i = 1; i <= 4; ++i) {
            if (i == broken)
                zone.add_failure(key_name(domain(i)), std::nullopt, "SERVFAIL");
            else
                zone.add(key_name(domain(i)), dns::RrType::txt, key_record_of(key(i)));
        }
        const Chain chain = validate(header, plain_body, 0, &zone);
        EXPECT_EQ(chain.result, Result::fail);
        EXPECT_TRUE(chain.temporary);
        EXPECT_EQ(chain.reason,
                  (broken == 4 ? "ARC-Message-Signature i=4" : "ARC-Seal i=" + std::to_string(broken)) +
                      ": no answer about the key: SERVFAIL");
        EXPECT_TRUE(chain.covers_from && chain.covers_whole_body) << "what a pass would have covered";
        EXPECT_EQ(zone.questions().size(), 4U) << "each name once";
        // With something wrong besides, the failure is proven.
        const Chain changed = validate(header, "another body\r\n", 0, &zone);
        EXPECT_EQ(changed.result, Result::fail);
        EXPECT_FALSE(changed.temporary || changed.covers_from || changed.covers_repeated_fields ||
                     changed.covers_whole_body);
        // A gap is one whatever the key is.
        EXPECT_TRUE(chain.is_open());
        EXPECT_FALSE(validate("Subject: y\r\n" + header, plain_body, 0, &zone).is_open());
        EXPECT_EQ(changed.reason, "ARC-Message-Signature i=4: body hash did not verify");
    }
}

TEST_F(ArcValidate, a_key_must_be_there_fit_and_be_strong_enough) {
    const std::string header = chain_of(2);
    struct Case {
        std::string record;  // of set 1, which has an Ed25519 key; empty: none
        std::string reason;
    };
    const Case table[] = {
        {"", "no key: s._domainkey.s1.example"},
        {key_record_of(*rsa_), "key of another type than the algorithm's: rsa for ed25519-sha256"},
        {key_record_of(*crypto::SigningKey::generate_ed25519()), "signature did not verify"},
    };
    for (const Case& c : table) {
        dns::ZoneResolver zone;
        zone.add(key_name(domain(2)), dns::RrType::txt, key_record_of(key(2)));
        if (!c.record.empty()) zone.add(key_name(domain(1)), dns::RrType::txt, c.record);
        const Chain chain = validate(header, plain_body, 0, &zone);
        EXPECT_EQ(chain.result, Result::fail);
        EXPECT_EQ(chain.reason, "ARC-Seal i=1: " + c.reason);
        EXPECT_FALSE(chain.temporary);
    }
    ValidatorOptions options;
    options.minimum_rsa_bits = 2048;
    EXPECT_EQ(validate(header, plain_body, 0, nullptr, options).reason,
              "ARC-Message-Signature i=2: RSA key of 1024 bits, below 2048 (RFC 8301)");
}

// A name may hold four keys: 51 signatures could cost 204 verifications. Before the first, it is known.
TEST_F(ArcValidate, more_keys_than_may_be_tried_fail_the_chain) {
    const auto chain_with_second_keys = [&](unsigned count) {
        dns::ZoneResolver zone;
        for (unsigned i = 1; i <= 50; ++i) {
            zone.add(key_name(domain(i)), dns::RrType::txt, key_record_of(key(i)));
            const auto& other = *(i <= count ? other_of(i) : key_of_other_type(i));
            zone.add(key_name(domain(i)), dns::RrType::txt, key_record_of(other));
        }
        return validate(chain_of(50), plain_body, 0, &zone);
    };
    // Of 720 units 25 seals by Ed25519 take 625, 26 signatures by RSA-1024 26, and the second keys of the
    // first four sets 52; that of the fifth would take 25 more. Keys of another type cost nothing.
    EXPECT_EQ(chain_with_second_keys(4).result, Result::pass);
    const Chain chain = chain_with_second_keys(5);
    EXPECT_EQ(chain.result, Result::fail);
    EXPECT_EQ(chain.reason, "more keys to try than one message may have");
    EXPECT_FALSE(chain.temporary);
}

TEST_F(ArcValidate, keys_never_asked_for_make_no_pass) {
    Validator validator(HeaderBlock::parse(chain_of(2)), {}, now);
    validator.body(plain_body);
    const Chain chain = validator.finish();
    EXPECT_EQ(chain.result, Result::fail);
    EXPECT_TRUE(chain.temporary);
}

}  // namespace
}  // namespace gatepost::auth::arc
