// What speaks against a failing message beside its domain's p=reject. RFC 9989 §7.4 forbids to reject solely
// because the policy says so; with one of these facts there is more.
#pragma once

#include "policy/facts.hpp"
#include "policy/settings.hpp"

#include "auth/evidence.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::policy {

enum class Fact {
    own_domain,         // the author domain is ours and the client is not in own_networks
    spf_fail_unsigned,  // MAIL FROM aligned and SPF fail, no aligned signature, not even a broken one, no
                        // indirect flow
    no_client_name,     // a completed answer shows that the client has no forward-confirmed name
    enforced,           // the operator lists the domain under policy.enforce
};

std::string_view to_string(Fact fact);

struct Corroboration {
    std::vector<Fact> facts;  // those that hold for certain, in the order above; trouble is never a fact
    // Trouble of the DNS hides whether one more holds: the first such, and what is missing, for people.
    std::optional<Fact> open;
    std::string open_reason;
};

Corroboration corroborate(const Facts& facts, const auth::Evidence& evidence, const Settings& settings);

}  // namespace gatepost::policy
