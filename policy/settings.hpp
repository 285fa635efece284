// The operator's rules as decide() reads them: what the policy section of the configuration says, in types.
#pragma once

#include "policy/condition.hpp"
#include "policy/exemption.hpp"
#include "policy/rate_limit.hpp"

#include "auth/dnsbl/list.hpp"

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace gatepost::policy {

enum class Mode { enforce, monitor };
enum class OnReject { corroborate, reject, quarantine, accept };
enum class OnQuarantine { tag, reject, accept };
enum class OnInvalidFrom { reject, quarantine, accept };
enum class RoutedLocalParts { refuse, accept };          // user%other@, other!user@, "user@other"@
enum class OnTemperror { defer, accept };                // authentication.dmarc.on_temperror
enum class OnSpfFail { continue_, reject, quarantine };  // authentication.spf.on_fail
enum class OnSpfTemperror { continue_, defer };          // authentication.spf.on_temperror

struct Settings {
    Mode mode = Mode::enforce;
    OnReject on_reject = OnReject::corroborate;
    OnQuarantine on_quarantine = OnQuarantine::tag;
    OnInvalidFrom on_invalid_from = OnInvalidFrom::reject;
    RoutedLocalParts routed_local_parts = RoutedLocalParts::refuse;
    OnTemperror on_temperror = OnTemperror::defer;
    OnSpfFail on_spf_fail = OnSpfFail::continue_;
    OnSpfTemperror on_spf_temperror = OnSpfTemperror::continue_;
    std::vector<dns::DomainName> own_domains;  // `domains`
    std::vector<dns::IpNetwork> own_networks;
    std::optional<dns::DomainName> unqualified_domain;  // completes addresses of hosts that know no domain
    std::vector<DomainPattern> enforce;                 // author domains whose p=reject is reason enough
    std::vector<dns::DomainName> trusted_sealers;       // authentication.arc.trusted_sealers
    std::vector<Exemption> exemptions;                  // in order: the first that matches speaks
    std::vector<RateLimit> rate_limits;
    std::vector<auth::dnsbl::List> dnsbl;
    std::size_t dnsbl_threshold = 1;  // the sum of weights from which on a client is refused
};

}  // namespace gatepost::policy
