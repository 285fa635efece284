#include "auth/dmarc/public_suffix.hpp"

#include <libpsl.h>

namespace gatepost::auth::dmarc {

std::optional<dns::DomainName> registrable_domain(const dns::DomainName& name) {
    if (name.is_root()) return std::nullopt;
    const psl_ctx_t* list = psl_builtin();
    if (!list) {  // a libpsl built without a list: the rule "*" is all there is
        if (name.label_count() < 2) return std::nullopt;
        return name.suffix(2);
    }
    const char* registrable = psl_registrable_domain(list, name.text().c_str());
    return registrable ? dns::DomainName::parse(registrable) : std::nullopt;
}

}  // namespace gatepost::auth::dmarc
