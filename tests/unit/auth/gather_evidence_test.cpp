// ARC in the pipeline: validated beside DKIM, and of no weight in what DMARC says.
#include "auth/gather_evidence.hpp"

#include "tests/support/arc_chain.hpp"
#include "tests/support/run.hpp"

#include "auth/dkim/sign.hpp"

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
