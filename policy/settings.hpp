// The operator's rules as decide() reads them: what the policy section of the configuration says, in types.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::policy {

enum class Mode { enforce, monitor };
enum class OnReject { corroborate, reject, quarantine, accept };
enum class OnQuarantine { tag, reject, accept };
enum class OnInvalidFrom { reject, quarantine, accept };
enum class OnTemperror { defer, accept };                 // authentication.dmarc.on_temperror
enum class OnSpfFail { continue_, reject, quarantine };   // authentication.spf.on_fail
enum class OnSpfTemperror { continue_, defer };           // authentication.spf.on_temperror
enum class Forgiven { dmarc, spf, missing_from_domain };  // exemption.allow

// A domain as conditions write it: "example.com", or "*.example.com" for all names below it.
struct DomainPattern {
    dns::DomainName domain;
    bool below_only = false;

    static std::optional<DomainPattern> parse(std::string_view text);
    bool matches(const dns::DomainName& name) const;
    std::string text() const;
    friend bool operator==(const DomainPattern&, const DomainPattern&) = default;
};

// Matches when each part that is not empty does; a part, when one of its items does.
struct Condition {
    std::vector<dns::IpNetwork> client_ip;
    std::vector<DomainPattern> author_domain;
    std::vector<std::string>
        mail_from;  // globs over the reverse-path, without case; "" and "<>" mean the null one

    // Stands on something that the sender of a forgery cannot choose.
    bool is_anchored() const { return !client_ip.empty(); }
    friend bool operator==(const Condition&, const Condition&) = default;
};

struct Exemption {
    std::string id;
    std::string owner;
    std::string reason;
    std::optional<std::chrono::year_month_day> expires;  // the last day on which it has effect, in UTC
    Condition when;
    std::set<Forgiven> allow;
    std::string override_type = "local_policy";  // RFC 9990: the reason type that aggregate reports give
    bool forgeable = false;                      // the operator accepts that forgeries match
};

struct Settings {
    Mode mode = Mode::enforce;
    OnReject on_reject = OnReject::corroborate;
    OnQuarantine on_quarantine = OnQuarantine::tag;
    OnInvalidFrom on_invalid_from = OnInvalidFrom::reject;
    OnTemperror on_temperror = OnTemperror::defer;
    OnSpfFail on_spf_fail = OnSpfFail::continue_;
    OnSpfTemperror on_spf_temperror = OnSpfTemperror::continue_;
    std::vector<dns::DomainName> own_domains;  // `domains`
    std::vector<dns::IpNetwork> own_networks;
    std::vector<DomainPattern> enforce;  // author domains whose p=reject is reason enough
    std::vector<Exemption> exemptions;   // in order: the first that matches speaks
};

}  // namespace gatepost::policy
