#include "server/cli/account.hpp"

#include <gtest/gtest.h>

namespace gatepost::server::cli {
namespace {

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

// A message that passes everything.
Account good() {
    Account account;
    account.authserv_id = "mx1.example.com";
    account.authentication_results = "mx1.example.com; spf=pass";
    auto& evidence = account.evidence;
    evidence.author.domain = name("example.org");
    evidence.author.fault = auth::AuthorFault::none;
    evidence.iprev.result = auth::iprev::Result::pass;
    evidence.iprev.name = name("mail.example.org");
    evidence.spf.result = auth::spf::Result::pass;
    evidence.spf.domain = name("example.org");
    evidence.spf.mechanism = "ip4:192.0.2.0/24";
    evidence.spf_helo.scope = auth::spf::Scope::helo;
    evidence.spf_helo.domain = name("mail.example.org");
    auth::dkim::Signature signature;
    signature.result = auth::dkim::Result::pass;
    signature.domain = name("example.org");
    signature.selector = "s1";
    signature.identity = "@example.org";
    signature.algorithm = "rsa-sha256";
    signature.key_bits = 2048;
    signature.signature_prefix = "dzdVyOfA";
    evidence.dkim.push_back(signature);
    auto& dmarc = evidence.dmarc;
    dmarc.result = auth::dmarc::Result::pass;
    dmarc.record_domain = dmarc.organizational_domain = name("example.org");
    dmarc.record.emplace();
    dmarc.record->text = "v=DMARC1; p=reject";
    dmarc.policy = auth::dmarc::Policy::reject;
    dmarc.policy_tag = "p";
    dmarc.spf_aligned = dmarc.dkim_aligned = auth::dmarc::Alignment::yes;
    account.decision.disposition = policy::Disposition::pass;
    return account;
}

// Nothing known, one broken signature, refused.
Account bad() {
    Account account;
    account.authserv_id = "mx1.example.com";
    auto& evidence = account.evidence;
    evidence.author.fault = auth::AuthorFault::no_from;
    evidence.spf.reason = "no domain";
    evidence.spf_helo.evaluated = false;
    evidence.spf_helo.reason = "not asked";
    evidence.dkim.emplace_back();
    evidence.dkim[0].result = auth::dkim::Result::permerror;
    evidence.dkim[0].reason = auth::Reason("a tag twice", "bad \xff octet \x1b[31m");
    evidence.arc.result = auth::arc::Result::fail;
    evidence.arc.instance = 2;
    evidence.arc.reason = "ARC-Seal i=2: signature did not verify";
    evidence.arc.sealers = {{1, name("list.example"), "s1"}, {2, std::nullopt, ""}};
    evidence.dmarc.result = auth::dmarc::Result::temperror;
    evidence.dmarc.spf_aligned = auth::dmarc::Alignment::unknown;
    auto& decision = account.decision;
    decision.action = decision.judged = policy::Action::reject;
    decision.disposition = policy::Disposition::reject;
    decision.rule = "cron";
    decision.facts = {policy::Fact::own_domain, policy::Fact::no_client_name};
    decision.override_reason = policy::Override{"local_policy", "corroborate"};
    decision.refusal = policy::Refusal{550, "5.7.1", "DMARC policy of example.org is reject"};
    return account;
}

TEST(AccountJson, has_the_keys_of_the_contract_in_their_order) {
    EXPECT_EQ(
        account_json(good()),
        R"({"authserv_id":"mx1.example.com","author_domain":"example.org",)"
        R"("iprev":{"result":"pass","name":"mail.example.org","reason":null},)"
        R"("spf":{"result":"pass","scope":"mailfrom","domain":"example.org","mechanism":"ip4:192.0.2.0/24",)"
        R"("explanation":null,"reason":null},)"
        R"("spf_helo":{"result":"none","scope":"helo","domain":"mail.example.org","mechanism":null,)"
        R"("explanation":null,"reason":null},)"
        R"("dkim":[{"result":"pass","domain":"example.org","selector":"s1","identity":"@example.org",)"
        R"("algorithm":"rsa-sha256","key_bits":2048,"signature_prefix":"dzdVyOfA","reason":null}],)"
        R"("arc":{"result":"none","instance":0,"reason":null,"trusted":false,"chain":[]},)"
        R"("dmarc":{"result":"pass","record_domain":"example.org","organizational_domain":"example.org",)"
        R"("discovery":"treewalk","record":"v=DMARC1; p=reject","policy":"reject","spf_aligned":true,)"
        R"("dkim_aligned":true,"testing":false,"reason":null},)"
        R"("decision":{"action":"accept","disposition":"pass","rule":null,"facts":[],"override":null,)"
        R"("reply":null},"authentication_results":"mx1.example.com; spf=pass"})");
}

TEST(AccountJson, has_null_for_what_is_not_known) {
    EXPECT_EQ(
        account_json(bad()),
        R"({"authserv_id":"mx1.example.com","author_domain":null,)"
        R"("iprev":{"result":null,"name":null,"reason":null},)"
        R"("spf":{"result":"none","scope":"mailfrom","domain":null,"mechanism":null,)"
        R"("explanation":null,"reason":"no domain"},)"
        R"("spf_helo":{"result":null,"scope":"mailfrom","domain":null,"mechanism":null,)"
        R"("explanation":null,"reason":"not asked"},)"
        R"("dkim":[{"result":"permerror","domain":null,"selector":null,"identity":null,"algorithm":null,)"
        R"("key_bits":0,"signature_prefix":null,"reason":"a tag twice: bad )"
        "\xef\xbf\xbd"
        R"( octet \u001b[31m"}],)"
        R"("arc":{"result":"fail","instance":2,"reason":"ARC-Seal i=2: signature did not verify",)"
        R"("trusted":false,"chain":[{"instance":1,"domain":"list.example","selector":"s1"},)"
        R"({"instance":2,"domain":null,"selector":null}]},)"
        R"("dmarc":{"result":"temperror","record_domain":null,"organizational_domain":null,)"
        R"("discovery":"treewalk","record":null,"policy":null,"spf_aligned":null,)"
        R"("dkim_aligned":false,"testing":false,"reason":null},)"
        R"("decision":{"action":"reject","disposition":"reject","rule":"cron",)"
        R"("facts":["own_domain","no_client_name"],)"
        R"("override":{"type":"local_policy","comment":"corroborate"},)"
        R"("reply":"550 5.7.1 DMARC policy of example.org is reject"},"authentication_results":""})");
}

TEST(AccountText, is_readable) {
    EXPECT_EQ(account_text(good()),
              "Author domain   example.org\n"
              "Client name     mail.example.org, iprev pass\n"
              "SPF             pass of example.org by ip4:192.0.2.0/24\n"
              "SPF of HELO     none of mail.example.org\n"
              "DKIM            pass of example.org, selector s1, rsa-sha256, 2048 bits\n"
              "ARC             none\n"
              "DMARC           pass\n"
              "                record at example.org: v=DMARC1; p=reject\n"
              "                organizational domain example.org, policy reject by p\n"
              "                aligned: SPF yes, DKIM yes\n"
              "Decision        accept\n"
              "                reported as pass\n"
              "Authentication-Results: mx1.example.com; spf=pass\n");
}

TEST(Account, tells_a_trusted_sealer) {
    Account account = good();
    account.evidence.arc.result = auth::arc::Result::pass;
    account.evidence.arc.instance = 1;
    account.evidence.arc.sealers = {{1, name("list.example"), "s1"}};
    account.arc_trusted = true;
    EXPECT_NE(account_text(account).find("ARC             pass, i=1 by list.example, trusted\n"),
              std::string::npos);
    EXPECT_NE(
        account_json(account).find(R"("arc":{"result":"pass","instance":1,"reason":null,"trusted":true,)"),
        std::string::npos);
}

TEST(AccountText, steers_no_terminal) {
    const auto text = account_text(bad());
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    EXPECT_NE(text.find("Reply           550 5.7.1 DMARC policy of example.org is reject\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("facts against it: own_domain, no_client_name\n"), std::string::npos) << text;
    EXPECT_NE(text.find("reported as reject, override local_policy (corroborate)\n"), std::string::npos)
        << text;
}

TEST(SpfJson, is_that_of_verify) {
    EXPECT_EQ(spf_json(good().evidence.spf),
              R"({"result":"pass","scope":"mailfrom","domain":"example.org","mechanism":"ip4:192.0.2.0/24",)"
              R"("explanation":null,"reason":null})");
}

}  // namespace
}  // namespace gatepost::server::cli
