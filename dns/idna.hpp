// Internationalised names: U-labels to A-labels before any comparison or lookup (RFC 5891 §4, RFC 9989 §11.5
// asks it of the author domain). The one door to libidn2.
#pragma once

#include "dns/domain_name.hpp"

#include <optional>
#include <string_view>

namespace gatepost::dns {

// Takes dotted UTF-8 text, U-labels and A-labels mixed. nullopt: not UTF-8, not a valid label by IDNA 2008
// (with UTS 46 mapping, non-transitional), or not a valid domain name. ASCII names pass unchanged, but for
// case.
std::optional<DomainName> to_ascii(std::string_view utf8);

}  // namespace gatepost::dns
