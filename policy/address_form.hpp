// How hosts of old may write the addresses of an envelope: MAIL and RCPT without angle brackets (bare_path),
// addresses without a domain (unqualified). We act as the submission server of such hosts (RFC 6409 §4.2) and
// never for others (RFC 5321 §5.1).
#pragma once

#include "policy/facts.hpp"
#include "policy/settings.hpp"

#include <optional>
#include <string>

namespace gatepost::policy {

// Who forgives `what`, bare_path or unqualified, to this client and envelope: the id of the exemption, the
// first in order; empty: policy.own_networks does. nullopt: it is not forgiven.
std::optional<std::string> address_form_forgiven_by(Forgiven what, const Facts& facts,
                                                    const Settings& settings);

}  // namespace gatepost::policy
