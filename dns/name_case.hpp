// The case of a query's letters as a further secret beside its identifier and port ("0x20"): servers give the
// question back as they got it (RFC 1035 §4.1.2 copies it, RFC 4343 §4.1 keeps its case), a forger has to
// guess a bit for each letter.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/random_source.hpp"

#include <string>
#include <string_view>

namespace gatepost::dns {

// The name's text with the case of each letter drawn at random.
std::string mix_case(const DomainName& name, RandomSource& random);

// Whether who gives this spelling back has shown that it keeps the case: one that folds it to lower case
// would give back one without upper-case letters too.
bool tells_case(std::string_view spelling);

}  // namespace gatepost::dns
