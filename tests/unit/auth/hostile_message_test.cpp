// What one message may cost: bounds of records and of verifications, met by no honest sender, and turns.
#include "tests/support/arc_chain.hpp"
#include "tests/support/run.hpp"

#include "auth/base64.hpp"
#include "auth/crypto/signing_key.hpp"
#include "auth/dkim/sign.hpp"
#include "auth/gather_evidence.hpp"

#include "dns/zone_resolver.hpp"

#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace gatepost::auth {
namespace {

const std::chrono::system_clock::time_point now{std::chrono::seconds(1'750'000'000)};
const std::string plain = "From: a@example.org\r\nSubject: x\r\n\r\n";
const std::string body = "body\r\n";

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

std::string element(char tag, const std::string& contents) {
    const auto length = contents.size();
    return std::string(1, tag) + '\x82' + static_cast<char>(length >> 8) + static_cast<char>(length & 0xff) +
           contents;
}

// A key record of that size; nobody has its other half. Its numbers are at least 256 octets long.
std::string rsa_record(std::size_t modulus_octets, std::size_t exponent_octets) {
    const auto number = [](std::size_t octets) {
        return '\0' + std::string(octets - 1, '\xff') + '\xfd';
    };
    std::string exponent = std::string("\x02\x03\x01\x00\x01", 5);
    if (exponent_octets > 3)
        exponent = "\x02" + std::string(1, static_cast<char>(exponent_octets + 1)) + number(exponent_octets);
    return "p=" + base64_encode(element(0x30, element(0x02, number(modulus_octets)) + exponent));
}

class HostileMessage : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        rsa_ = std::make_unique<crypto::SigningKey>(crypto::SigningKey::generate_rsa(1024).value());
        ed25519_ = std::make_unique<crypto::SigningKey>(crypto::SigningKey::generate_ed25519().value());
    }
    static void TearDownTestSuite() {
        rsa_.reset();
        ed25519_.reset();
    }

    void txt(const std::string& owner, const std::string& text) {
        zone_.add(name(owner), dns::RrType::txt, text);
    }
    static std::string sign(const std::string& header, const crypto::SigningKey& key,
                            const std::string& selector) {
        dkim::SigningOptions options;
        options.domain = name("example.org");
        options.selector = selector;
        return *dkim::sign(*HeaderBlock::parse(plain), body, key, options) + header;
    }
    static std::string seal(std::string header, unsigned sets, const crypto::SigningKey& key) {
        for (unsigned i = 1; i <= sets; ++i) {
            tests::ArcSetToMake set;
            set.instance = i;
            header = make_arc_set(set, header, body, key) + header;
        }
        return header;
    }

    Evidence gather(const std::string& header, dns::Turns turns = {}) {
        const dns::QueryBudget budget{300, std::chrono::steady_clock::now() + std::chrono::seconds(20)};
        EvidenceGatherer gatherer(context_.get_executor(), zone_, {}, "mx.example.net", std::move(turns));
        const Sender sender{dns::IpAddress::parse("192.0.2.1").value(), "helo.example", "a@example.org"};
        return tests::run(context_,
                          gather_evidence(gatherer, sender, HeaderBlock::parse(header), body, now, budget));
    }

    boost::asio::io_context context_;
    dns::ZoneResolver zone_;
    static std::unique_ptr<crypto::SigningKey> rsa_;
    static std::unique_ptr<crypto::SigningKey> ed25519_;
};
std::unique_ptr<crypto::SigningKey> HostileMessage::rsa_;
std::unique_ptr<crypto::SigningKey> HostileMessage::ed25519_;

// RFC 8301 §3.2, and our own bounds: policy, with the size, for DKIM; a chain with such a seal fails.
TEST_F(HostileMessage, keys_of_no_honest_size_are_policy) {
    struct Case {
        std::string record;
        dkim::Result result;
        std::string reason;
        unsigned bits;
    };
    const std::string does_not_verify = "signature did not verify";
    const Case table[] = {
        {rsa_record(512, 3), dkim::Result::fail, does_not_verify, 4096},
        {rsa_record(512, 4), dkim::Result::fail, does_not_verify, 4096},
        {rsa_record(513, 3), dkim::Result::policy, "RSA key of 4104 bits, above 4096", 4104},
        {rsa_record(1024, 8), dkim::Result::policy, "RSA key of 8192 bits, above 4096", 8192},
        {rsa_record(2048, 3), dkim::Result::policy, "RSA key of 16384 bits, above 4096", 16'384},
        {rsa_record(256, 5), dkim::Result::policy, "RSA exponent of 40 bits, above 33", 2048},
        {rsa_record(256, 8), dkim::Result::policy, "RSA exponent of 64 bits, above 33", 2048},
    };
    const std::string header = seal(sign(plain, *rsa_, "s"), 2, *rsa_);
    for (const Case& c : table) {
        zone_ = dns::ZoneResolver();
        txt("s._domainkey.example.org", c.record);
        txt("s._domainkey.list.example", c.record);
        const Evidence evidence = gather(header);
        ASSERT_EQ(evidence.dkim.size(), 1U);
        EXPECT_EQ(evidence.dkim[0].result, c.result) << c.reason;
        EXPECT_EQ(evidence.dkim[0].reason, c.reason);
        EXPECT_EQ(evidence.dkim[0].key_bits, c.bits);
        EXPECT_EQ(evidence.arc.result, arc::Result::fail);
        EXPECT_EQ(evidence.arc.reason, "ARC-Message-Signature i=2: " + c.reason);
        EXPECT_FALSE(evidence.arc.temporary);
    }
}

// The algorithm of the signature comes first (RFC 6376 §6.1.2 step 8).
TEST_F(HostileMessage, a_key_of_another_type_is_no_policy) {
    txt("s._domainkey.example.org", rsa_record(1024, 3));
    const Evidence evidence = gather(sign(plain, *ed25519_, "s"));
    EXPECT_EQ(evidence.dkim.at(0).result, dkim::Result::permerror);
    EXPECT_EQ(evidence.dkim.at(0).reason, "key of another type than the algorithm's: rsa for ed25519-sha256");
}

// One budget for signatures and chain: what is past it is policy, and a failure of the chain, at each try.
TEST_F(HostileMessage, verifications_are_bounded_by_what_they_cost) {
    const std::string dear = rsa_record(512, 4);
    const std::string key = dkim::key_record_of(*ed25519_);
    const std::string over = "more keys to try than one message may have";
    std::string header = seal(plain, 10, *ed25519_);
    for (int i = 0; i < 10; ++i)
        header = sign(header, *rsa_, "s" + std::to_string(i));
    txt("s._domainkey.list.example", key);
    // Ten signatures by the dearest key, of 32 units each, and 11 of 25: 595 of 720.
    for (int i = 0; i < 10; ++i)
        txt("s" + std::to_string(i) + "._domainkey.example.org", dear);
    Evidence evidence = gather(header);
    for (const dkim::Signature& signature : evidence.dkim)
        EXPECT_EQ(signature.reason, "signature did not verify");
    EXPECT_EQ(evidence.arc.result, arc::Result::pass) << evidence.arc.reason;
    // Four a name: 128 units a signature. Five of them fit, and the chain does not.
    for (int i = 0; i < 10; ++i)
        for (int more = 1; more < 4; ++more)
            txt("s" + std::to_string(i) + "._domainkey.example.org",
                dear + std::string(static_cast<std::size_t>(more), ' '));
    for (int tries = 0; tries < 2; ++tries) {
        evidence = gather(header);
        ASSERT_EQ(evidence.dkim.size(), 10U);
        for (std::size_t i = 0; i < 10; ++i) {
            EXPECT_EQ(evidence.dkim[i].result, i < 5 ? dkim::Result::fail : dkim::Result::policy) << i;
            EXPECT_EQ(evidence.dkim[i].reason, i < 5 ? "signature did not verify" : over) << i;
        }
        EXPECT_EQ(evidence.arc.result, arc::Result::fail);
        EXPECT_EQ(evidence.arc.reason, over);
        EXPECT_FALSE(evidence.arc.temporary);
    }
}

// Keys of another type and weak ones are not tried, and cost nothing.
TEST_F(HostileMessage, what_is_not_tried_costs_nothing) {
    std::string header = plain;
    for (int i = 0; i < 10; ++i) {
        const std::string selector = "s" + std::to_string(i);
        header = sign(header, *ed25519_, selector);
        for (int more = 0; more < 3; ++more)
            txt(selector + "._domainkey.example.org",
                rsa_record(512, 4) + std::string(static_cast<std::size_t>(more), ' '));
        txt(selector + "._domainkey.example.org", dkim::key_record_of(*ed25519_));
    }
    for (const dkim::Signature& signature : gather(header).dkim)
        EXPECT_EQ(signature.result, dkim::Result::pass) << signature.reason;
}

TEST_F(HostileMessage, too_many_records_at_a_keys_name_are_no_keys) {
    for (int i = 0; i < 32; ++i)
        txt("s._domainkey.example.org", i == 20 ? dkim::key_record_of(*rsa_) : "text " + std::to_string(i));
    EXPECT_EQ(gather(sign(plain, *rsa_, "s")).dkim.at(0).result, dkim::Result::pass);
    txt("s._domainkey.example.org", "one more");
    const dkim::Signature signature = gather(sign(plain, *rsa_, "s")).dkim.at(0);
    EXPECT_EQ(signature.result, dkim::Result::permerror);
    EXPECT_EQ(signature.reason, "more than 32 records at the key's name");
}

// RFC 9989 §4.10.1: as a record without a policy. What is above it does not apply in its place.
TEST_F(HostileMessage, a_dmarc_record_is_bounded) {
    const auto record = [](std::size_t octets) {
        std::string text = "v=DMARC1; p=reject; rua=mailto:a@example.org";
        while (text.size() + 21 <= octets)
            text += ",mailto:a@example.org";
        return text + std::string(octets - text.size(), ' ');
    };
    txt("_dmarc.org", "v=DMARC1; p=reject; psd=y");
    txt("_dmarc.example.org", record(8192));
    Evidence evidence = gather(plain);
    EXPECT_EQ(evidence.dmarc.result, dmarc::Result::fail);
    EXPECT_EQ(evidence.dmarc.policy, dmarc::Policy::reject);
    zone_ = dns::ZoneResolver();
    txt("_dmarc.org", "v=DMARC1; p=reject; psd=y");
    txt("_dmarc.example.org", record(8193));
    evidence = gather(plain);
    EXPECT_EQ(evidence.dmarc.result, dmarc::Result::none);
    EXPECT_EQ(evidence.dmarc.reason, "a record of more than 8192 octets: example.org");
    EXPECT_FALSE(evidence.dmarc.record);
}

// A field that nobody signed, with a key that nobody has.
std::string unsigned_field(std::string_view name, const std::string& tags) {
    return std::string(name) + ": a=rsa-sha256; h=from; b=AAAA; bh=" + base64_encode(std::string(32, 'x')) +
           "; " + tags + "\r\n";
}

// 33 labels of one letter: converting them takes as long as reading 10 KiB.
std::string u_labels(std::size_t octets) {
    std::string domain;
    while (domain.size() + 6 <= octets)
        domain += "b\xc3\xbc.";
    return domain + "de";
}

// 128 KiB of signatures had a worker convert names for 118 ms. What is past the bound is policy, and a
// failure of the chain, at each try; a name in ASCII, and one by an author's signer who is no attacker, costs
// nothing.
TEST_F(HostileMessage, conversions_of_names_are_bounded) {
    const std::string over = "more internationalised names than one message may have";
    txt("s._domainkey.example.org", dkim::key_record_of(*rsa_));
    std::string header = sign(plain, *rsa_, "s");
    for (int i = 0; i < 200; ++i)
        header = unsigned_field("DKIM-Signature", "v=1; d=" + u_labels(100) + "; s=s") + header;
    for (int tries = 0; tries < 2; ++tries) {
        const Evidence evidence = gather(header);
        ASSERT_EQ(evidence.dkim.size(), 201U);
        EXPECT_NE(evidence.dkim[0].reason, over);
        EXPECT_EQ(evidence.dkim[199].result, dkim::Result::policy);
        EXPECT_EQ(evidence.dkim[199].reason, over);
        EXPECT_FALSE(evidence.dkim[199].domain);
        EXPECT_EQ(evidence.dkim[200].result, dkim::Result::pass) << evidence.dkim[200].reason;
    }
    std::string chain;
    for (unsigned i = 1; i <= 50; ++i) {
        const std::string tags = "i=" + std::to_string(i) + "; s=" + u_labels(100) + "; d=" + u_labels(100);
        chain = "ARC-Seal: a=rsa-sha256; b=AAAA; cv=" + std::string(i == 1 ? "none" : "pass") + "; " + tags +
                "\r\n" + unsigned_field("ARC-Message-Signature", tags) +
                "ARC-Authentication-Results: i=" + std::to_string(i) + "; x.example; none\r\n" + chain;
    }
    const Evidence evidence = gather(chain + plain);
    EXPECT_EQ(evidence.arc.result, arc::Result::fail);
    EXPECT_EQ(evidence.arc.reason, "ARC-Message-Signature i=50: " + over);
    EXPECT_FALSE(evidence.arc.temporary);
}

TEST_F(HostileMessage, signature_fields_are_bounded_in_length) {
    txt("s._domainkey.example.org", dkim::key_record_of(*rsa_));
    const std::string copied = sign(plain, *rsa_, "s");
    for (const std::size_t octets : {64U * 1024, 64U * 1024 + 1}) {
        std::string field = unsigned_field("DKIM-Signature", "v=1; d=example.org; s=s; z=");
        const std::size_t value = field.size() - std::string("DKIM-Signature:\r\n").size();
        field.insert(field.size() - 2, octets - value, 'x');
        const Evidence evidence = gather(field + copied);
        ASSERT_EQ(evidence.dkim.size(), 2U);
        EXPECT_EQ(evidence.dkim[0].result, octets > 65'536 ? dkim::Result::policy : dkim::Result::fail);
        EXPECT_EQ(evidence.dkim[1].result, dkim::Result::pass);
    }
}

// Each field that is read is the last of its slice, and so are the addresses of From.
TEST_F(HostileMessage, a_header_is_read_in_turns) {
    std::string from = "From: ";
    for (int i = 0; i < 2'000; ++i)
        from += "a@example.org,\r\n\t";
    std::string header = from + "a@example.org\r\nSubject: x\r\n\r\n";
    for (int i = 0; i < 50; ++i)
        header = unsigned_field("DKIM-Signature", "v=1; d=example.org; s=s") +
                 unsigned_field("ARC-Message-Signature", "i=1; d=example.org; s=s") + header;
    int others = 0;
    dns::Turns::TimePoint clock;
    std::function<void()> other = [&] {
        if (++others < 10'000) boost::asio::post(context_, other);
    };
    boost::asio::post(context_, other);
    int when_done = 0;
    const Evidence evidence = gather(header, dns::Turns(context_.get_executor(), [&] {
                                         when_done = others;
                                         return clock += std::chrono::seconds(1);
                                     }));
    EXPECT_EQ(evidence.author.domain, name("example.org"));
    EXPECT_EQ(evidence.dkim.size(), 50U);
    EXPECT_EQ(evidence.arc.reason, "ARC-Message-Signature i=1 twice");
    EXPECT_GE(when_done, 50 + 50 + 10);
}

// Every question and every verification is the last of its slice: others run in between, and all ends as it
// does where nobody waits.
TEST_F(HostileMessage, turns_change_no_result) {
    txt("example.org", "v=spf1 include:a.example -all");
    txt("a.example", "v=spf1 ip4:192.0.2.0/24");
    txt("_dmarc.example.org", "v=DMARC1; p=reject");
    std::string header = seal(plain, 3, *ed25519_);
    for (int i = 0; i < 3; ++i) {
        header = sign(header, *rsa_, "s" + std::to_string(i));
        txt("s" + std::to_string(i) + "._domainkey.example.org", dkim::key_record_of(*rsa_));
    }
    txt("s._domainkey.list.example", dkim::key_record_of(*ed25519_));
    const Evidence at_once = gather(header);
    int others = 0;
    dns::Turns::TimePoint clock;
    std::function<void()> other = [&] {
        if (++others < 1000) boost::asio::post(context_, other);
    };
    boost::asio::post(context_, other);
    int when_done = 0;
    const Evidence in_turns = gather(header, dns::Turns(context_.get_executor(), [&] {
                                         when_done = others;
                                         return clock += std::chrono::seconds(1);
                                     }));
    // Two records of SPF and one of DMARC; between three signatures, before the chain, between four of it.
    EXPECT_GE(when_done, 3 + 2 + 1 + 3);
    for (const Evidence* evidence : {&at_once, &in_turns}) {
        EXPECT_EQ(evidence->spf.result, spf::Result::pass);
        EXPECT_EQ(evidence->arc.result, arc::Result::pass);
        EXPECT_EQ(evidence->dmarc.result, dmarc::Result::pass);
        ASSERT_EQ(evidence->dkim.size(), 3U);
        for (const dkim::Signature& signature : evidence->dkim)
            EXPECT_EQ(signature.result, dkim::Result::pass);
    }
}

}  // namespace
}  // namespace gatepost::auth
