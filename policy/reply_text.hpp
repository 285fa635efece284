// The words with which a message is refused: they name the check, the domain and what spoke against it, in
// printable ASCII, whatever a peer or a zone put into its names. Enhanced codes by RFC 3463 and RFC 7372.
#pragma once

#include "policy/decision.hpp"

#include "auth/evidence.hpp"

#include <string>
#include <vector>

namespace gatepost::policy {

// "DMARC policy of example.org is reject and neither SPF nor DKIM passed in alignment"
std::string dmarc_failure_text(const auth::dmarc::Evaluation& evaluation);

Refusal dmarc_refusal(const auth::dmarc::Evaluation& evaluation, const std::vector<Fact>& facts);
Refusal dmarc_temperror_refusal(const auth::Evidence& evidence);
// `missing`: what the DNS did not tell of the facts that decide between quarantine and rejection.
Refusal corroboration_temperror_refusal(const auth::dmarc::Evaluation& evaluation,
                                        const std::string& missing);
// An ARC chain decides, and a key of it cannot be had.
Refusal arc_temperror_refusal(const auth::arc::Chain& chain);
// For now only, what `permanent` would refuse for good: it rests on an absence, while our DNS is in trouble.
Refusal brownout_refusal(const Refusal& permanent, const std::string& absence);
// In our own words, and with the domain alone.
std::string spf_failure_text(const auth::spf::Check& check);
Refusal spf_refusal(const auth::spf::Check& check);
Refusal spf_temperror_refusal(const auth::spf::Check& check);
// Blames the header, by line and cause, where that is what hides the From field.
Refusal invalid_from_refusal(const auth::Author& author);

}  // namespace gatepost::policy
