// The judgement: a pure function of what is known. No I/O, no clock, no globals.
#pragma once

#include "policy/decision.hpp"
#include "policy/facts.hpp"
#include "policy/settings.hpp"

#include "auth/evidence.hpp"

namespace gatepost::policy {

// Judges a message in this order: block lists that have the client, an invalid From, SPF
// (authentication.spf.on_fail), DMARC. Whatever trouble of the DNS left open is taken once at its best and
// once at its worst: where both lead to the same action, that is the action; where they differ, the message
// is deferred (or taken, by authentication.dmarc.on_temperror). While our own DNS is in
// brownout, a rejection that rests on the absence of a record becomes a deferral. So a missing fact never
// gives 5xx.
Decision decide(const Facts& facts, const auth::Evidence& evidence, const Settings& settings);

// What comes of a fault that only an exemption forgives.
struct Pardon {
    const Exemption* exemption = nullptr;  // that forgives it
    std::optional<Refusal> refusal;        // or what is answered
};

// Finds the exemption that forgives `what`; without one the answer is `permanent`. Where one would match if
// an ARC chain that lacks only an answer of the DNS passed, it is 451: here, too, a missing fact never gives
// 5xx.
Pardon find_pardon(Forgiven what, Refusal permanent, const Facts& facts, const auth::Evidence& evidence,
                   const Settings& settings);

}  // namespace gatepost::policy
