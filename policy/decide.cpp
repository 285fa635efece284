#include "policy/decide.hpp"

#include "policy/absence.hpp"
#include "policy/dnsbl.hpp"
#include "policy/reply_text.hpp"

#include <algorithm>

namespace gatepost::policy {
namespace {

using auth::Evidence;
namespace dmarc = auth::dmarc;
namespace spf = auth::spf;

Decision with_action(Action action, std::string rule, std::string reason) {
    Decision decision;
    decision.action = action;
    decision.rule = std::move(rule);
    decision.reason = std::move(reason);
    return decision;
}

Decision rejected(Refusal refusal, std::string rule, std::string reason) {
    Decision decision = with_action(Action::reject, std::move(rule), std::move(reason));
    decision.refusal = std::move(refusal);
    return decision;
}

Decision rejected(const Refusal& refusal, std::string rule) {
    return rejected(refusal, std::move(rule), refusal.text);
}

Decision exempted(const Exemption& exemption, std::string reason) {
    Decision decision = with_action(Action::accept, exemption.id, std::move(reason));
    decision.exemption = exemption.id;
    return decision;
}

const Exemption* exemption_from(Forgiven what, const Facts& facts, const Evidence& evidence,
                                const Settings& settings) {
    return find_exemption(settings.exemptions, what, subject_of(facts, evidence, settings.trusted_sealers));
}

// policy.on_invalid_from. RFC 9989 §11.5: without exactly one author domain DMARC cannot be applied.
Decision judge_invalid_from(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    const Refusal refusal = invalid_from_refusal(evidence.author);
    const auto* exemption = exemption_from(Forgiven::missing_from_domain, facts, evidence, settings);
    if (exemption) return exempted(*exemption, refusal.text);
    switch (settings.on_invalid_from) {
        case OnInvalidFrom::reject:
            return rejected(refusal, "policy.on_invalid_from");
        case OnInvalidFrom::quarantine:
            return with_action(Action::quarantine, "policy.on_invalid_from", refusal.text);
        case OnInvalidFrom::accept:
            break;
    }
    return with_action(Action::accept, "policy.on_invalid_from", refusal.text);
}

// authentication.spf.on_fail and on_temperror; nullopt: SPF alone says nothing here.
std::optional<Decision> judge_spf(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    const spf::Result result = evidence.spf.result;
    const bool fails = result == spf::Result::fail && settings.on_spf_fail != OnSpfFail::continue_;
    const bool defers =
        result == spf::Result::temperror && settings.on_spf_temperror == OnSpfTemperror::defer;
    if (!fails && !defers) return std::nullopt;
    const auto* exemption = exemption_from(Forgiven::spf, facts, evidence, settings);
    if (exemption) return exempted(*exemption, "SPF " + std::string(spf::to_string(result)));
    if (defers) {
        Decision decision =
            with_action(Action::defer, "authentication.spf.on_temperror", evidence.spf.reason.words());
        decision.refusal = spf_temperror_refusal(evidence.spf);
        return decision;
    }
    // The reply tells the domain's own explanation; the reason, which X-Quarantine repeats, does not.
    const std::string reason = spf_failure_text(evidence.spf);
    const std::string rule = "authentication.spf.on_fail";
    if (settings.on_spf_fail == OnSpfFail::reject) return rejected(spf_refusal(evidence.spf), rule, reason);
    return with_action(Action::quarantine, rule, reason);
}

Decision quarantined(const Evidence& evidence, const Settings& settings, std::string rule) {
    const std::string reason = dmarc_failure_text(evidence.dmarc);
    switch (settings.on_quarantine) {
        case OnQuarantine::tag:
            return with_action(Action::quarantine, std::move(rule), reason);
        case OnQuarantine::reject:
            return rejected(dmarc_refusal(evidence.dmarc, {}), "policy.on_quarantine");
        case OnQuarantine::accept:
            break;
    }
    return with_action(Action::accept, "policy.on_quarantine", reason);
}

// What trouble left open decides the action: 451, or `best`, what is done at the best, where the operator
// wants that (authentication.dmarc.on_temperror). Trouble that a sender can bring about at will is never a
// reason to take his mail.
Decision undecided(const Decision& best, Refusal refusal, const std::string& reason, const Evidence& evidence,
                   const Settings& settings) {
    const std::string rule = "authentication.dmarc.on_temperror";
    const bool takes_best = settings.on_temperror == OnTemperror::accept && !evidence.is_put_off;
    Decision decision = with_action(takes_best ? best.action : Action::defer, rule, reason);
    if (takes_best)
        decision.refusal = best.refusal;
    else
        decision.refusal = std::move(refusal);
    return decision;
}

// The Domain Owner asks for rejection.
Decision judge_reject(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    switch (settings.on_reject) {
        case OnReject::reject:
            return rejected(dmarc_refusal(evidence.dmarc, {}), "policy.on_reject");
        case OnReject::quarantine:
            return quarantined(evidence, settings, "policy.on_reject");
        case OnReject::accept:
            return with_action(Action::accept, "policy.on_reject", dmarc_failure_text(evidence.dmarc));
        case OnReject::corroborate:
            break;
    }
    // RFC 9989 §7.4: not solely because the policy says so.
    Corroboration corroborating = corroborate(facts, evidence, settings);
    if (!corroborating.facts.empty()) {
        Decision decision = rejected(dmarc_refusal(evidence.dmarc, corroborating.facts), "policy.on_reject");
        decision.facts = std::move(corroborating.facts);
        return decision;
    }
    Decision at_best = quarantined(evidence, settings, "policy.on_reject");
    if (!corroborating.open || at_best.action == Action::reject) return at_best;
    Refusal refusal = corroboration_temperror_refusal(evidence.dmarc, corroborating.open_reason);
    const std::string reason = refusal.text;
    return undecided(at_best, std::move(refusal), reason, evidence, settings);
}

Disposition disposition_of(Action action) {
    switch (action) {
        case Action::quarantine:
            return Disposition::quarantine;
        case Action::reject:
        case Action::discard:
            return Disposition::reject;
        case Action::accept:
        case Action::defer:
            break;
    }
    return Disposition::none;
}

// Why what was done is not what was published (RFC 9990 §3.1.1.9: MUST be told).
std::optional<Override> override_of(const Decision& decision, const Evidence& evidence,
                                    const Settings& settings) {
    const dmarc::Evaluation& evaluation = evidence.dmarc;
    const auto asked = [](dmarc::Policy policy) {
        return policy == dmarc::Policy::none         ? Disposition::none
               : policy == dmarc::Policy::quarantine ? Disposition::quarantine
                                                     : Disposition::reject;
    };
    if (decision.disposition == asked(evaluation.policy)) return std::nullopt;
    if (!decision.exemption.empty()) {
        const auto& all = settings.exemptions;
        const auto spoke = std::find_if(all.begin(), all.end(),
                                        [&](const Exemption& e) { return e.id == decision.exemption; });
        return Override{spoke == all.end() ? "local_policy" : spoke->override_type, decision.exemption};
    }
    if (decision.disposition == asked(evaluation.applied_policy)) return Override{"policy_test_mode", "t=y"};
    const bool corroborating =
        decision.rule == "policy.on_reject" && settings.on_reject == OnReject::corroborate;
    return Override{"local_policy", corroborating ? "policy.on_reject: corroborate" : decision.rule};
}

Decision judge_failed_dmarc(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    if (evidence.dmarc.policy == dmarc::Policy::none) return Decision();
    const auto* exemption = exemption_from(Forgiven::dmarc, facts, evidence, settings);
    if (exemption) return exempted(*exemption, dmarc_failure_text(evidence.dmarc));
    switch (evidence.dmarc.applied_policy) {
        case dmarc::Policy::none:
            break;
        case dmarc::Policy::quarantine:
            return quarantined(evidence, settings, "");
        case dmarc::Policy::reject:
            return judge_reject(facts, evidence, settings);
    }
    return Decision();
}

// SPF speaks first where the operator lets it speak alone; what it lets pass, DMARC judges.
Decision judge_authenticated(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    const std::optional<Decision> by_spf = judge_spf(facts, evidence, settings);
    if (by_spf && by_spf->action != Action::accept) return *by_spf;
    Decision decision;
    if (evidence.dmarc.result == dmarc::Result::fail)
        decision = judge_failed_dmarc(facts, evidence, settings);
    const bool only_spf_was_forgiven = by_spf && decision.action == Action::accept && decision.rule.empty();
    return only_spf_was_forgiven ? *by_spf : decision;
}

// A listed client comes first: whatever its message proves, it is the client that is refused.
Decision judge_client_and_message(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    const Exemption* exemption = nullptr;
    if (facts.listing) {
        exemption = exemption_from(Forgiven::dnsbl, facts, evidence, settings);
        if (exemption == nullptr) return rejected(listing_refusal(facts), "policy.dnsbl");
    }
    Decision decision = evidence.author.domain ? judge_authenticated(facts, evidence, settings)
                                               : judge_invalid_from(facts, evidence, settings);
    const bool only_listing_was_forgiven =
        exemption != nullptr && decision.action == Action::accept && decision.rule.empty();
    return only_listing_was_forgiven ? exempted(*exemption, listing_refusal(facts).text) : decision;
}

// Judges evidence without any open question.
Decision judge(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    Decision decision = judge_client_and_message(facts, evidence, settings);
    decision.disposition = disposition_of(decision.action);
    const bool enforcing = evidence.dmarc.policy != dmarc::Policy::none;
    if (evidence.dmarc.result == dmarc::Result::fail)
        decision.override_reason = override_of(decision, evidence, settings);
    else if (evidence.dmarc.result != dmarc::Result::pass)
        return decision;
    else if (decision.action != Action::accept)
        decision.override_reason = Override{"local_policy", decision.rule};
    else if (enforcing)
        decision.disposition = Disposition::pass;
    return decision;
}

// An identifier that is the author domain itself aligns in every mode, whatever record applies.
bool passes_exactly(const Evidence& evidence) {
    const auto& author = evidence.author.domain;
    if (evidence.spf.result == spf::Result::pass && evidence.spf.domain == author) return true;
    return std::any_of(evidence.dkim.begin(), evidence.dkim.end(),
                       [&](const auth::dkim::Signature& signature) {
                           return signature.result == auth::dkim::Result::pass && signature.domain == author;
                       });
}

// The evidence with the worst that the missing facts could have said.
Evidence at_worst(const Evidence& evidence) {
    Evidence worst = evidence;
    if (!evidence.dmarc.record && passes_exactly(evidence)) {
        worst.dmarc.result = dmarc::Result::pass;
        return worst;
    }
    worst.dmarc.result = dmarc::Result::fail;
    if (!evidence.dmarc.record) {
        worst.dmarc.policy = dmarc::Policy::reject;
        worst.dmarc.applied_policy = dmarc::Policy::reject;
    }
    return worst;
}

Evidence at_best(const Evidence& evidence) {
    Evidence best = evidence;
    best.dmarc.result = dmarc::Result::pass;
    return best;
}

Decision decide_open_question(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    const Decision best = judge(facts, at_best(evidence), settings);
    Settings strictest = settings;  // what is missing could also corroborate
    if (strictest.on_reject == OnReject::corroborate) strictest.on_reject = OnReject::reject;
    Decision worst = judge(facts, at_worst(evidence), strictest);
    if (best.action == worst.action) {
        worst.disposition = disposition_of(worst.action);
        if (worst.exemption.empty()) worst.override_reason.reset();
        return worst;
    }
    Decision decision =
        undecided(best, dmarc_temperror_refusal(evidence), evidence.dmarc.reason.words(), evidence, settings);
    decision.disposition = disposition_of(decision.action);
    return decision;
}

// DMARC's open questions first, with the chain as it is.
Decision decide_with_chain(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    const bool open = evidence.author.domain && evidence.dmarc.result == dmarc::Result::temperror;
    return open ? decide_open_question(facts, evidence, settings) : judge(facts, evidence, settings);
}

// A missing key made the ARC chain fail (RFC 8617 §5.2.1). Trouble is no verdict: at its best the chain
// passes.
Evidence with_passing_chain(const Evidence& evidence) {
    Evidence passing = evidence;
    passing.arc.result = auth::arc::Result::pass;
    passing.arc.temporary = false;
    return passing;
}

Decision decide_open_chain(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    const Decision best = decide_with_chain(facts, with_passing_chain(evidence), settings);
    Decision worst = decide_with_chain(facts, evidence, settings);
    if (best.action == worst.action) return worst;
    Decision decision =
        undecided(best, arc_temperror_refusal(evidence.arc), evidence.arc.reason.words(), evidence, settings);
    decision.disposition = disposition_of(decision.action);
    if (evidence.dmarc.result == dmarc::Result::fail)
        decision.override_reason = override_of(decision, evidence, settings);
    return decision;
}

// A sick resolver can take a record for absent, and a stale answer can be wrong by now: while ours is in
// trouble, no message is refused for good because of that. It may come again when the trouble is over.
Decision without_rash_refusal(Decision decision, const Facts& facts, const Evidence& evidence) {
    decision.absence = absence_behind(decision, evidence);
    if (!facts.dns_brownout || decision.absence.empty()) return decision;
    decision.action = Action::defer;
    decision.disposition = Disposition::none;
    decision.override_reason.reset();
    decision.refusal = brownout_refusal(*decision.refusal, decision.absence);
    decision.reason = decision.refusal->text;
    return decision;
}

// policy.mode: monitor decides and records, and acts on nothing.
Decision only_watched(Decision decision, const Evidence& evidence) {
    if (decision.action == Action::accept) return decision;
    decision.action = Action::accept;
    decision.refusal.reset();
    decision.disposition = Disposition::none;
    const bool differs =
        evidence.dmarc.result == dmarc::Result::fail && evidence.dmarc.policy != dmarc::Policy::none;
    if (differs) decision.override_reason = Override{"local_policy", "policy.mode: monitor"};
    return decision;
}

// PRODUCT.md, "Client addresses can be hidden from us": what SPF and the operator's exemptions would have
// said for this mail is not known, so that no judgement of ours refuses it.
Decision only_tagged(Decision decision, const Evidence& evidence) {
    if (decision.action != Action::reject) return decision;
    decision.action = Action::quarantine;
    decision.refusal.reset();
    decision.rule = "client address hidden";
    decision.disposition = Disposition::quarantine;
    if (evidence.dmarc.result == dmarc::Result::fail)
        decision.override_reason = Override{"local_policy", decision.rule};
    return decision;
}

}  // namespace

Decision decide(const Facts& facts, const Evidence& evidence, const Settings& settings) {
    Decision decision = evidence.arc.is_open() ? decide_open_chain(facts, evidence, settings)
                                               : decide_with_chain(facts, evidence, settings);
    if (facts.client_hidden) decision = only_tagged(std::move(decision), evidence);
    decision = without_rash_refusal(std::move(decision), facts, evidence);
    decision.judged = decision.action;
    return settings.mode == Mode::monitor ? only_watched(std::move(decision), evidence) : decision;
}

Pardon find_pardon(Forgiven what, Refusal permanent, const Facts& facts, const Evidence& evidence,
                   const Settings& settings) {
    if (const auto* exemption = exemption_from(what, facts, evidence, settings)) return {exemption, {}};
    const bool waits = evidence.arc.is_open() &&
                       exemption_from(what, facts, with_passing_chain(evidence), settings) != nullptr;
    return {nullptr, waits ? arc_temperror_refusal(evidence.arc) : std::move(permanent)};
}

}  // namespace gatepost::policy
