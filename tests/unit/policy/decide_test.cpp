#include "policy/decide.hpp"

#include <gtest/gtest.h>

namespace gatepost::policy {
namespace {

using namespace std::chrono_literals;
namespace dmarc = auth::dmarc;
namespace spf = auth::spf;

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

// A message of example.org that fails DMARC, from a client with a name.
struct Message {
    Facts facts;
    auth::Evidence evidence;
    Settings settings;

    Message() {
        facts.client_ip = dns::IpAddress::parse("192.0.2.1").value();
        facts.mail_from = "a@bounce.example";
        facts.today = std::chrono::sys_days(2026y / 11 / 24);
        evidence.author.domain = name("example.org");
        evidence.author.fault = auth::AuthorFault::none;
        evidence.iprev.result = auth::iprev::Result::pass;
        evidence.dmarc.author_domain = name("example.org");
        settings.own_domains = {name("example.com")};
        with_record(dmarc::Policy::reject);
        evidence.dmarc.result = dmarc::Result::fail;
    }
    Message& with_record(dmarc::Policy policy) {
        evidence.dmarc.record = dmarc::Record();
        evidence.dmarc.record->p = policy;
        evidence.dmarc.record_domain = name("example.org");
        evidence.dmarc.policy = policy;
        evidence.dmarc.applied_policy = policy;
        return *this;
    }
    Message& without_record() {
        evidence.dmarc.record.reset();
        evidence.dmarc.record_domain.reset();
        evidence.dmarc.policy = evidence.dmarc.applied_policy = dmarc::Policy::none;
        return *this;
    }
    Message& with_result(dmarc::Result result) {
        evidence.dmarc.result = result;
        return *this;
    }
    Message& with_exemption(std::set<Forgiven> allow) {
        Exemption exemption;
        exemption.id = "cron";
        exemption.when.client_ip = {dns::IpNetwork::parse("192.0.2.0/24").value()};
        exemption.allow = std::move(allow);
        settings.exemptions.push_back(exemption);
        return *this;
    }
    Decision decide() const { return policy::decide(facts, evidence, settings); }
};

void expect(const Decision& decision, Action action, Disposition disposition,
            std::optional<Override> reason) {
    EXPECT_EQ(decision.action, action) << decision.reason;
    EXPECT_EQ(decision.disposition, disposition);
    EXPECT_EQ(decision.override_reason, reason)
        << (decision.override_reason ? decision.override_reason->comment : "none");
    EXPECT_EQ(decision.refusal.has_value(), action == Action::reject || action == Action::defer);
}

TEST(Decide, lets_pass_what_passes) {
    const Message message = Message().with_result(dmarc::Result::pass);
    expect(message.decide(), Action::accept, Disposition::pass, std::nullopt);
    expect(Message().with_record(dmarc::Policy::none).with_result(dmarc::Result::pass).decide(),
           Action::accept, Disposition::none, std::nullopt);
    expect(Message().without_record().with_result(dmarc::Result::none).decide(), Action::accept,
           Disposition::none, std::nullopt);
}

TEST(Decide, follows_the_published_policy) {
    expect(Message().with_record(dmarc::Policy::none).decide(), Action::accept, Disposition::none,
           std::nullopt);
    expect(Message().with_record(dmarc::Policy::quarantine).decide(), Action::quarantine,
           Disposition::quarantine, std::nullopt);
}

// RFC 9989 §7.4
TEST(Decide, rejects_only_what_a_further_fact_speaks_against) {
    expect(Message().decide(), Action::quarantine, Disposition::quarantine,
           Override{"local_policy", "policy.on_reject: corroborate"});

    Message no_name;
    for (const auto result : {auth::iprev::Result::fail, auth::iprev::Result::permerror}) {
        no_name.evidence.iprev.result = result;
        expect(no_name.decide(), Action::reject, Disposition::reject, std::nullopt);
    }
    EXPECT_EQ(
        no_name.decide().refusal->text,
        "DMARC policy of example.org is reject and neither SPF nor DKIM passed in alignment; no_client_name");

    Message enforced;
    enforced.settings.enforce = {DomainPattern::parse("example.org").value()};
    EXPECT_EQ(enforced.decide().facts, std::vector<Fact>{Fact::enforced});
}

TEST(Decide, takes_spf_fail_as_a_fact_only_for_direct_unsigned_mail) {
    Message message;
    message.evidence.spf.result = spf::Result::fail;
    message.evidence.spf.domain = name("example.org");
    message.evidence.dmarc.spf_domain_aligned = true;
    EXPECT_EQ(message.decide().facts, std::vector<Fact>{Fact::spf_fail_unsigned});
    Message listed = message;
    listed.evidence.indirect_flow.list = true;
    EXPECT_EQ(listed.decide().action, Action::quarantine);
    Message signed_badly = message;
    signed_badly.evidence.dmarc.dkim_domain_aligned = true;
    EXPECT_EQ(signed_badly.decide().action, Action::quarantine);
    message.evidence.spf.result = spf::Result::softfail;
    EXPECT_EQ(message.decide().action, Action::quarantine);
}

TEST(Decide, knows_its_own_domains) {
    Message message;
    message.settings.own_domains = {name("example.org")};
    EXPECT_EQ(message.decide().facts, std::vector<Fact>{Fact::own_domain});

    Message inside = message;
    inside.settings.own_networks = {dns::IpNetwork::parse("192.0.2.0/24").value()};
    EXPECT_EQ(inside.decide().action, Action::quarantine);

    Message list = message;
    list.evidence.indirect_flow.list = true;
    list.evidence.indirect_flow.list_domain = name("dev.lists.example");
    EXPECT_EQ(list.decide().action, Action::reject);  // anyone can write a List-Id
    auth::dkim::Signature signature;
    signature.result = auth::dkim::Result::pass;
    signature.domain = name("lists.example");
    list.evidence.dkim = {signature};
    EXPECT_EQ(list.decide().action, Action::quarantine);
}

TEST(Decide, obeys_the_operator) {
    Message message;
    message.settings.on_reject = OnReject::reject;
    expect(message.decide(), Action::reject, Disposition::reject, std::nullopt);
    message.settings.on_reject = OnReject::quarantine;
    expect(message.decide(), Action::quarantine, Disposition::quarantine,
           Override{"local_policy", "policy.on_reject"});
    message.settings.on_reject = OnReject::accept;
    expect(message.decide(), Action::accept, Disposition::none, Override{"local_policy", "policy.on_reject"});

    Message quarantine;
    quarantine.with_record(dmarc::Policy::quarantine).settings.on_quarantine = OnQuarantine::reject;
    expect(quarantine.decide(), Action::reject, Disposition::reject,
           Override{"local_policy", "policy.on_quarantine"});
    quarantine.settings.on_quarantine = OnQuarantine::accept;
    expect(quarantine.decide(), Action::accept, Disposition::none,
           Override{"local_policy", "policy.on_quarantine"});
}

// RFC 9989 §4.7: t=y takes the policy a step down.
TEST(Decide, honours_test_mode) {
    Message message;
    message.evidence.dmarc.applied_policy = dmarc::Policy::quarantine;
    expect(message.decide(), Action::quarantine, Disposition::quarantine,
           Override{"policy_test_mode", "t=y"});
    message.with_record(dmarc::Policy::quarantine).evidence.dmarc.applied_policy = dmarc::Policy::none;
    expect(message.decide(), Action::accept, Disposition::none, Override{"policy_test_mode", "t=y"});
}

TEST(Decide, lets_an_exemption_speak) {
    const Decision decision = Message().with_exemption({Forgiven::dmarc}).decide();
    expect(decision, Action::accept, Disposition::none, Override{"local_policy", "cron"});
    EXPECT_EQ(decision.exemption, "cron");
    EXPECT_EQ(Message().with_exemption({Forgiven::spf}).decide().action, Action::quarantine);
    Message elsewhere = Message().with_exemption({Forgiven::dmarc});
    elsewhere.facts.client_ip = dns::IpAddress::parse("198.51.100.1").value();
    EXPECT_EQ(elsewhere.decide().action, Action::quarantine);
    // Nothing to forgive: the exemption does not speak.
    EXPECT_EQ(Message().with_exemption({Forgiven::dmarc}).with_result(dmarc::Result::pass).decide().exemption,
              "");
}

TEST(Decide, refuses_an_invalid_from) {
    Message message;
    message.evidence.author.domain.reset();
    message.evidence.author.fault = auth::AuthorFault::no_domain;
    message.without_record().with_result(dmarc::Result::none);
    expect(message.decide(), Action::reject, Disposition::reject, std::nullopt);
    EXPECT_EQ(message.decide().refusal->enhanced_code, "5.7.1");
    EXPECT_EQ(Message(message).with_exemption({Forgiven::missing_from_domain}).decide().action,
              Action::accept);
    EXPECT_EQ(Message(message).with_exemption({Forgiven::dmarc}).decide().action, Action::reject);
    message.settings.on_invalid_from = OnInvalidFrom::quarantine;
    EXPECT_EQ(message.decide().action, Action::quarantine);
    message.settings.on_invalid_from = OnInvalidFrom::accept;
    EXPECT_EQ(message.decide().action, Action::accept);
}

TEST(Decide, lets_spf_speak_alone_where_asked) {
    Message message;
    message.without_record().with_result(dmarc::Result::none);
    message.evidence.spf.result = spf::Result::fail;
    message.evidence.spf.domain = name("bounce.example");
    EXPECT_EQ(message.decide().action, Action::accept);
    message.settings.on_spf_fail = OnSpfFail::reject;
    EXPECT_EQ(message.decide().refusal->enhanced_code, "5.7.23");
    EXPECT_EQ(message.decide().refusal->text, "SPF of bounce.example does not permit this client");
    message.evidence.spf.mechanism = "-all";
    message.evidence.spf.explanation = "ask us";
    EXPECT_EQ(message.decide().refusal->text,
              "SPF of bounce.example does not permit this client (-all): ask us");
    const Decision forgiven = Message(message).with_exemption({Forgiven::spf}).decide();
    EXPECT_EQ(forgiven.action, Action::accept);
    EXPECT_EQ(forgiven.exemption, "cron");
    message.settings.on_spf_fail = OnSpfFail::quarantine;
    EXPECT_EQ(message.decide().action, Action::quarantine);
    message.evidence.spf.result = spf::Result::temperror;
    EXPECT_EQ(message.decide().action, Action::accept);
    message.settings.on_spf_temperror = OnSpfTemperror::defer;
    EXPECT_EQ(message.decide().refusal->enhanced_code, "4.7.24");
}

TEST(Decide, defers_where_trouble_could_change_the_action) {
    const Message unknown_record = Message().without_record().with_result(dmarc::Result::temperror);
    expect(unknown_record.decide(), Action::defer, Disposition::none, std::nullopt);
    EXPECT_EQ(unknown_record.decide().refusal->code, 451);
    const Message unknown_alignment = Message().with_result(dmarc::Result::temperror);
    expect(unknown_alignment.decide(), Action::defer, Disposition::none, std::nullopt);
    Message lenient = unknown_record;
    lenient.settings.on_temperror = OnTemperror::accept;
    expect(lenient.decide(), Action::accept, Disposition::none, std::nullopt);
    // At the best it is deferred by another key, whose words are then told.
    lenient.evidence.spf.result = spf::Result::temperror;
    lenient.evidence.spf.domain = name("bounce.example");
    lenient.settings.on_spf_temperror = OnSpfTemperror::defer;
    expect(lenient.decide(), Action::defer, Disposition::none, std::nullopt);
    EXPECT_EQ(lenient.decide().refusal->enhanced_code, "4.7.24");
}

TEST(Decide, acts_at_once_where_trouble_changes_nothing) {
    // An identifier that is the author domain itself passes under every record.
    Message exact = Message().without_record().with_result(dmarc::Result::temperror);
    exact.evidence.spf.result = spf::Result::pass;
    exact.evidence.spf.domain = name("example.org");
    EXPECT_EQ(exact.decide().action, Action::accept);
    exact.evidence.spf.domain = name("mail.example.org");  // relaxed or strict? unknown
    EXPECT_EQ(exact.decide().action, Action::defer);

    // p=none asks for nothing, whatever aligns.
    EXPECT_EQ(
        Message().with_record(dmarc::Policy::none).with_result(dmarc::Result::temperror).decide().action,
        Action::accept);

    // The mail that says that DNS is dead must arrive.
    const Decision cron = Message()
                              .without_record()
                              .with_exemption({Forgiven::dmarc})
                              .with_result(dmarc::Result::temperror)
                              .decide();
    EXPECT_EQ(cron.action, Action::accept);
    EXPECT_EQ(cron.exemption, "cron");

    Message accepting = Message().without_record().with_result(dmarc::Result::temperror);
    accepting.settings.on_reject = OnReject::accept;
    EXPECT_EQ(accepting.decide().action, Action::accept);
}

// The record that is missing may ask for rejection, and what it hides of alignment may corroborate that.
TEST(Decide, defers_where_the_missing_record_could_lead_to_a_corroborated_rejection) {
    Message message = Message().without_record().with_result(dmarc::Result::temperror);
    message.settings.on_quarantine = OnQuarantine::accept;
    message.evidence.spf.result = spf::Result::fail;
    message.evidence.spf.domain = name("mail.example.org");  // aligned or not: the record would tell
    EXPECT_EQ(message.decide().action, Action::defer);
    message.settings.on_reject = OnReject::quarantine;  // at its worst accepted, too
    EXPECT_EQ(message.decide().action, Action::accept);
}

// Trouble is no fact; where it hides whether there is one, it decides between quarantine and rejection.
TEST(Decide, defers_where_trouble_hides_what_corroborates) {
    Message no_name;
    no_name.evidence.iprev.result = auth::iprev::Result::temperror;
    no_name.evidence.iprev.reason = auth::Reason("no answer about the PTR record", "timeout");
    EXPECT_EQ(no_name.decide().action, Action::defer);
    EXPECT_EQ(no_name.decide().refusal->code, 451);
    EXPECT_EQ(no_name.decide().refusal->text,
              "DMARC policy of example.org is reject and neither SPF nor DKIM passed in alignment; cannot be "
              "told now: the client's name, no answer about the PTR record");
    Message proven = no_name;
    proven.settings.enforce = {DomainPattern::parse("example.org").value()};
    EXPECT_EQ(proven.decide().action, Action::reject);
    EXPECT_EQ(proven.decide().facts, std::vector<Fact>{Fact::enforced});
    Message either_way = no_name;
    either_way.settings.on_quarantine = OnQuarantine::reject;
    EXPECT_EQ(either_way.decide().action, Action::reject);
    Message lenient = no_name;
    lenient.settings.on_temperror = OnTemperror::accept;
    expect(lenient.decide(), Action::quarantine, Disposition::quarantine,
           Override{"local_policy", "authentication.dmarc.on_temperror"});
    EXPECT_EQ(Message(no_name).with_record(dmarc::Policy::quarantine).decide().action, Action::quarantine);
    EXPECT_EQ(Message(no_name).with_exemption({Forgiven::dmarc}).decide().action, Action::accept);

    Message list;
    list.settings.own_domains = {name("example.org")};
    list.evidence.indirect_flow.list_domain = name("lists.example");
    auth::dkim::Signature signature;
    signature.result = auth::dkim::Result::temperror;
    signature.domain = name("lists.example");
    list.evidence.dkim = {signature};
    EXPECT_EQ(list.decide().action, Action::defer);
    list.evidence.spf.result = spf::Result::pass;
    list.evidence.spf.domain = name("lists.example");
    EXPECT_EQ(list.decide().action, Action::quarantine);

    Message failing;
    failing.evidence.spf.result = spf::Result::fail;
    failing.evidence.dmarc.spf_domain_open = true;
    EXPECT_EQ(failing.decide().action, Action::defer);
    failing.evidence.dmarc.spf_domain_open = false;
    failing.evidence.dmarc.spf_domain_aligned = true;
    failing.evidence.dmarc.dkim_domain_open = true;
    EXPECT_EQ(failing.decide().action, Action::defer);
    failing.evidence.indirect_flow.list = true;
    EXPECT_EQ(failing.decide().action, Action::quarantine);
}

// An exemption by arc_sealer: list.example sealed the message, and is trusted.
Message sealed_by_a_trusted_list() {
    Message message;
    auth::arc::Chain& chain = message.evidence.arc;
    chain.result = auth::arc::Result::pass;
    chain.instance = 1;
    chain.covers_from = chain.covers_whole_body = true;
    chain.sealers = {{1, name("list.example"), "s"}};
    message.settings.trusted_sealers = {name("list.example")};
    message.with_exemption({Forgiven::dmarc});
    message.settings.exemptions.back().when = Condition();
    message.settings.exemptions.back().when.arc_sealer = {name("list.example")};
    message.settings.exemptions.back().override_type = "trusted_forwarder";
    return message;
}

TEST(Decide, lets_a_trusted_sealer_speak) {
    Message message = sealed_by_a_trusted_list();
    const Override forwarder{"trusted_forwarder", "cron"};
    expect(message.decide(), Action::accept, Disposition::none, forwarder);
    message.settings.trusted_sealers.clear();
    EXPECT_EQ(message.decide().action, Action::quarantine);
    message = sealed_by_a_trusted_list();
    message.settings.exemptions.clear();  // by itself ARC changes no verdict
    EXPECT_EQ(message.decide().action, Action::quarantine);
    message = sealed_by_a_trusted_list();
    message.evidence.arc.covers_from = false;
    EXPECT_EQ(message.decide().action, Action::quarantine);
}

// What a sender can bring about at will never lets his mail in: his client's share of the DNS used up, 19 of
// 29 forgeries passed where on_temperror was accept.
TEST(Decide, takes_no_mail_for_trouble_that_its_sender_made) {
    Message unknown_record = Message().without_record().with_result(dmarc::Result::temperror);
    Message no_name;
    no_name.evidence.iprev.result = auth::iprev::Result::temperror;
    Message no_seal = sealed_by_a_trusted_list();
    no_seal.evidence.arc.result = auth::arc::Result::fail;
    no_seal.evidence.arc.temporary = true;
    for (Message message : {unknown_record, no_name, no_seal}) {
        message.settings.on_temperror = OnTemperror::accept;
        EXPECT_NE(message.decide().action, Action::defer);
        message.evidence.is_put_off = true;
        EXPECT_EQ(message.decide().action, Action::defer);
        EXPECT_EQ(message.decide().refusal->code, 451);
        // What decides is there all the same.
        message.evidence.iprev.result = auth::iprev::Result::pass;
        EXPECT_EQ(Message(message).with_result(dmarc::Result::pass).decide().action, Action::accept);
    }
}

// RFC 8617 §5.2.1 has a missing key fail the chain; we wait where it would change the action.
TEST(Decide, waits_for_the_key_of_a_seal_that_decides) {
    Message message = sealed_by_a_trusted_list();
    message.evidence.arc.result = auth::arc::Result::fail;
    message.evidence.arc.temporary = true;
    message.evidence.arc.reason = auth::Reason("ARC-Seal i=1: no answer about the key", "SERVFAIL");
    EXPECT_EQ(message.decide().action, Action::defer);
    EXPECT_EQ(message.decide().refusal->code, 451);
    EXPECT_EQ(message.decide().refusal->enhanced_code, "4.7.29");
    EXPECT_EQ(message.decide().refusal->text,
              "the ARC chain of this message cannot be validated now: ARC-Seal i=1: no answer about the key");
    // What decides is the DMARC result, and that is open, too.
    EXPECT_EQ(Message(message).with_result(dmarc::Result::temperror).decide().action, Action::defer);
    EXPECT_EQ(Message(message).with_result(dmarc::Result::pass).decide().action, Action::accept);
    EXPECT_EQ(Message(message).with_record(dmarc::Policy::none).decide().action, Action::accept);
    Message lenient = message;
    lenient.settings.on_temperror = OnTemperror::accept;
    expect(lenient.decide(), Action::accept, Disposition::none,
           Override{"local_policy", "authentication.dmarc.on_temperror"});
    // Proven, or of no use whatever the answer is.
    Message uncovered = message;
    uncovered.evidence.arc.covers_whole_body = false;
    EXPECT_EQ(uncovered.decide().action, Action::quarantine);
    uncovered.evidence.arc.covers_whole_body = true;
    EXPECT_EQ(uncovered.decide().action, Action::defer);
    uncovered.evidence.arc.covers_repeated_fields = false;
    EXPECT_EQ(uncovered.decide().action, Action::quarantine);
    Message untrusted = message;
    untrusted.settings.trusted_sealers = {name("other.example")};
    EXPECT_EQ(untrusted.decide().action, Action::quarantine);
    Message elsewise = message;  // another exemption speaks, whatever the chain is
    elsewise.with_exemption({Forgiven::dmarc});
    elsewise.settings.exemptions.back().id = "by-address";
    expect(elsewise.decide(), Action::accept, Disposition::none, Override{"local_policy", "by-address"});
}

// Bare newlines are refused for good only where no exemption can match (RFC 8617 §5.2.1, as above).
TEST(Pardon, waits_for_the_key_of_a_seal_that_decides) {
    const Refusal permanent{550, "5.6.0", "bare LF"};
    const auto pardon_of = [&](const Message& m) {
        return find_pardon(Forgiven::bare_newline, permanent, m.facts, m.evidence, m.settings);
    };
    Message message = sealed_by_a_trusted_list();
    EXPECT_EQ(pardon_of(message).refusal, permanent);  // the exemption allows something else
    message.settings.exemptions.back().allow = {Forgiven::bare_newline};
    EXPECT_EQ(pardon_of(message).exemption, &message.settings.exemptions.back());
    EXPECT_FALSE(pardon_of(message).refusal);
    message.evidence.arc.result = auth::arc::Result::fail;
    EXPECT_EQ(pardon_of(message).refusal, permanent);
    message.evidence.arc.temporary = true;
    message.evidence.arc.reason = auth::Reason("ARC-Seal i=1: no answer about the key", "SERVFAIL");
    EXPECT_EQ(pardon_of(message).exemption, nullptr);
    ASSERT_TRUE(pardon_of(message).refusal);
    EXPECT_EQ(pardon_of(message).refusal->code, 451);
    EXPECT_EQ(pardon_of(message).refusal->enhanced_code, "4.7.29");
    // Of no use whatever the answer is.
    Message untrusted = message;
    untrusted.settings.trusted_sealers = {name("other.example")};
    EXPECT_EQ(pardon_of(untrusted).refusal, permanent);
    Message uncovered = message;
    uncovered.evidence.arc.covers_whole_body = false;
    EXPECT_EQ(pardon_of(uncovered).refusal, permanent);
    // Another exemption speaks, whatever the chain is.
    message.with_exemption({Forgiven::bare_newline});
    EXPECT_EQ(pardon_of(message).exemption, &message.settings.exemptions.back());
}

// Our own user's post, sealed by a list that we need not trust: quarantined, not rejected.
TEST(Decide, takes_a_proven_seal_for_an_indirect_flow_of_our_own_mail) {
    Message message = sealed_by_a_trusted_list();
    message.settings.trusted_sealers.clear();
    message.settings.own_domains = {name("example.org")};
    EXPECT_EQ(message.decide().action, Action::quarantine);
    message.evidence.arc.covers_from = false;
    EXPECT_EQ(message.decide().action, Action::reject);
    EXPECT_EQ(message.decide().facts, std::vector<Fact>{Fact::own_domain});
    message.evidence.arc.covers_from = true;
    message.evidence.arc.result = auth::arc::Result::fail;
    EXPECT_EQ(message.decide().action, Action::reject);
    message.evidence.arc.temporary = true;
    EXPECT_EQ(message.decide().action, Action::defer);
}

// Every combination of DMARC trouble with the other results: trouble alone never refuses for good.
TEST(Decide, never_refuses_for_good_on_a_missing_fact) {
    for (const bool record : {false, true})
        for (int reject = 0; reject < 4; ++reject)
            for (int quarantine = 0; quarantine < 3; ++quarantine)
                for (const auto result : {spf::Result::none, spf::Result::fail, spf::Result::temperror})
                    for (const auto client : {auth::iprev::Result::fail, auth::iprev::Result::temperror}) {
                        Message message = Message().with_result(dmarc::Result::temperror);
                        if (!record) message.without_record();
                        message.settings.on_reject = static_cast<OnReject>(reject);
                        message.settings.on_quarantine = static_cast<OnQuarantine>(quarantine);
                        message.evidence.spf.result = result;
                        message.evidence.iprev.result = client;
                        EXPECT_NE(message.decide().action, Action::reject);
                        EXPECT_NE(message.decide().action, Action::quarantine);
                    }
}

TEST(Decide, only_watches_in_monitor_mode) {
    Message message;
    message.settings.mode = Mode::monitor;
    message.settings.on_reject = OnReject::reject;
    expect(message.decide(), Action::accept, Disposition::none,
           Override{"local_policy", "policy.mode: monitor"});
    EXPECT_EQ(message.decide().judged, Action::reject);
    message.without_record().with_result(dmarc::Result::temperror);
    expect(message.decide(), Action::accept, Disposition::none, std::nullopt);
    EXPECT_EQ(message.decide().judged, Action::defer);
}

}  // namespace
}  // namespace gatepost::policy
