// Whether a refusal rests on the absence of a record: what a sick resolver could have made up, or a stale
// answer could get wrong. In a brownout of our DNS such a refusal is not for good.
#pragma once

#include "policy/decision.hpp"

#include "auth/evidence.hpp"

#include <string>

namespace gatepost::policy {

// What is absent, for people, that could have turned this rejection into something else; empty: nothing, each
// fact that it rests on was found in the DNS, within its time. Doubtful cases count as absence.
std::string absence_behind(const Decision& decision, const auth::Evidence& evidence);

}  // namespace gatepost::policy
