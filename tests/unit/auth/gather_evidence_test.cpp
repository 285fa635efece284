// ARC in the pipeline: validated beside DKIM, and of no weight in what DMARC says.
#include "auth/gather_evidence.hpp"

#include "tests/support/arc_chain.hpp"
#include "tests/support/run.hpp"

#include "auth/dkim/sign.hpp"
#include "auth/results/authentication_results.hpp"

#include "dns/zone_resolver.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth {
namespace {

const std::chrono::system_clock::time_point now{std::chrono::seconds(1'750'000'000)};

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

Evidence gather(dns::Resolver& resolver, const std::string& header, const std::string& body,
                std::size_t queries = 100) {
    boost::asio::io_context context;
    const dns::QueryBudget budget{queries, std::chrono::steady_clock::now() + std::chrono::seconds(20)};
    EvidenceGatherer gatherer(context.get_executor(), resolver, {}, "mx.example.net");
    const Sender sender{dns::IpAddress::parse("192.0.2.1").value(), "helo.example", ""};
    return tests::run(context,
                      gather_evidence(gatherer, sender, HeaderBlock::parse(header), body, now, budget));
}

TEST(GatherEvidence, validates_the_chain_and_leaves_dmarc_alone) {
    const auto key = crypto::SigningKey::generate_ed25519().value();
    dns::ZoneResolver zone;
    zone.add(name("_dmarc.example.org"), dns::RrType::txt, "v=DMARC1; p=reject");
    zone.add(name("s._domainkey.list.example"), dns::RrType::txt, dkim::key_record_of(key));
    const std::string plain = "From: a@example.org\r\nSubject: x\r\n\r\n";
    const std::string header = tests::make_arc_set({}, plain, "body\r\n", key) + plain;
    struct Case {
        std::string header;
        std::string body;
        arc::Result arc;
    };
    for (const Case& c :
         {Case{plain, "body\r\n", arc::Result::none}, Case{header, "body\r\n", arc::Result::pass},
          Case{header, "another\r\n", arc::Result::fail}}) {
        const Evidence evidence = gather(zone, c.header, c.body);
        EXPECT_EQ(evidence.arc.result, c.arc) << evidence.arc.reason;
        EXPECT_EQ(evidence.dmarc.result, dmarc::Result::fail);
        EXPECT_EQ(evidence.indirect_flow.arc, c.arc != arc::Result::none);
    }
}

// What the header says of DMARC, and what programs are told, are the same words.
TEST(GatherEvidence, tells_why_dmarc_was_not_applied) {
    const std::string header = "From: a@a.example\r\nFrom: b@b.example\r\nSubject: two\r\n\r\n";
    dns::ZoneResolver zone;
    const Evidence evidence = gather(zone, header, "hello\r\n");
    EXPECT_EQ(evidence.dmarc.result, dmarc::Result::none);
    EXPECT_EQ(evidence.dmarc.reason, "several From fields");
    EXPECT_EQ(evidence.iprev.result, iprev::Result::permerror);
    EXPECT_EQ(evidence.iprev.reason, "the address has no name");
    const std::string value = results::authentication_results_value(
        "mx.example.net", {dns::IpAddress::parse("192.0.2.1").value(), "helo.example", ""}, evidence, {});
    EXPECT_NE(value.find("dmarc=none reason=\"several From fields\""), std::string::npos) << value;
    EXPECT_NE(value.find("iprev=permerror reason=\"the address has no name\""), std::string::npos) << value;
}

// What was not evaluated is left out of the header, and programs are told why.
TEST(GatherEvidence, tells_why_spf_was_not_evaluated) {
    struct Case {
        bool hidden;
        bool spf_enabled;
        std::string_view spf;
        std::string_view iprev;
    };
    const Case cases[] = {
        {true, true, "the client's address is hidden", "the client's address is hidden"},
        {false, false, "turned off (authentication.spf.enabled)", "the address has no name"},
    };
    for (const Case& c : cases) {
        dns::ZoneResolver zone;
        boost::asio::io_context context;
        const dns::QueryBudget budget{10, std::chrono::steady_clock::now() + std::chrono::seconds(20)};
        AuthenticationOptions options;
        options.spf_enabled = c.spf_enabled;
        EvidenceGatherer gatherer(context.get_executor(), zone, options, "mx.example.net");
        Sender sender{dns::IpAddress::parse("192.0.2.1").value(), "helo.example", "a@a.example"};
        sender.client_hidden = c.hidden;
        const Evidence evidence = tests::run(
            context, gather_evidence(gatherer, sender, HeaderBlock::parse("From: a@a.example\r\n\r\n"), "",
                                     now, budget));
        EXPECT_FALSE(evidence.spf.evaluated);
        EXPECT_EQ(evidence.spf.reason, c.spf);
        EXPECT_EQ(evidence.iprev.reason, c.iprev);
        const std::string value = results::authentication_results_value(
            "mx.example.net", {sender.client_ip, sender.helo, sender.mail_from}, evidence, {});
        EXPECT_EQ(value.find("spf="), std::string::npos) << value;
        EXPECT_EQ(value.find("iprev=") == std::string::npos, c.hidden) << value;
    }
}

// RFC 8617 §9.2: a chain of many domains, concocted to have them all queried, takes no question from DMARC.
TEST(GatherEvidence, a_chain_spends_no_question_of_dmarc) {
    const auto key = crypto::SigningKey::generate_ed25519().value();
    std::string header = "From: a@example.org\r\n\r\n";
    for (unsigned i = 1; i <= 50; ++i) {
        tests::ArcSetToMake set;
        set.instance = i;
        set.domain = "victim" + std::to_string(i) + ".example";
        header = make_arc_set(set, header, "", key) + header;
    }
    dns::ZoneResolver zone;
    zone.add(name("_dmarc.example.org"), dns::RrType::txt, "v=DMARC1; p=reject");
    const Evidence evidence = gather(zone, header, "", 8);
    EXPECT_EQ(evidence.arc.result, arc::Result::fail);
    EXPECT_EQ(evidence.dmarc.result, dmarc::Result::fail) << evidence.dmarc.reason;
}

}  // namespace
}  // namespace gatepost::auth
