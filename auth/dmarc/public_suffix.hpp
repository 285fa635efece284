// The Organizational Domain by the Public Suffix List, as RFC 7489 §3.2 has it: for `discovery: psl`. The one
// door to libpsl, whose list is the distribution's.
#pragma once

#include "dns/domain_name.hpp"

#include <optional>

namespace gatepost::auth::dmarc {

// One label below the longest public suffix of `name`; names under no rule fall under "*", the top-level
// domain. nullopt: `name` is itself a public suffix, or the root.
std::optional<dns::DomainName> registrable_domain(const dns::DomainName& name);

}  // namespace gatepost::auth::dmarc
