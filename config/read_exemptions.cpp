// policy.exemptions: each item with what makes it unsafe, useless or soon to end told as an error or warning.
#include "config/sections.hpp"
#include "config/units.hpp"

#include "policy/exemption.hpp"

#include "dns/ascii.hpp"
#include "dns/ip_address.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::config {
namespace {

using policy::Condition;
using policy::DomainPattern;
using policy::Exemption;

constexpr std::chrono::days expiry_notice{30};

// An empty part matches everything; otherwise each item of `later` lies within one of `earlier`.
template <typename Item, typename Within>
bool part_covers(const std::vector<Item>& earlier, const std::vector<Item>& later, Within within) {
    if (earlier.empty()) return true;
    return !later.empty() && std::all_of(later.begin(), later.end(), [&](const Item& inner) {
        return std::any_of(earlier.begin(), earlier.end(),
                           [&](const Item& outer) { return within(outer, inner); });
    });
}

bool covers(const Condition& earlier, const Condition& later) {
    const auto network_within = [](const dns::IpNetwork& outer, const dns::IpNetwork& inner) {
        return outer.prefix() <= inner.prefix() && outer.contains(inner.address());
    };
    const auto domain_within = [](const DomainPattern& outer, const DomainPattern& inner) {
        return outer == inner || (outer.below_only && inner.domain.is_at_or_below(outer.domain) &&
                                  (inner.below_only || inner.domain != outer.domain));
    };
    const auto glob_within = [](const std::string& outer, const std::string& inner) {
        return ascii::equals_ignoring_case(outer, inner);
    };
    return part_covers(earlier.client_ip, later.client_ip, network_within) &&
           part_covers(earlier.tls_client, later.tls_client, std::equal_to<>()) &&
           part_covers(earlier.author_domain, later.author_domain, domain_within) &&
           part_covers(earlier.mail_from, later.mail_from, glob_within) &&
           part_covers(earlier.helo, later.helo, glob_within) &&
           part_covers(earlier.arc_sealer, later.arc_sealer, std::equal_to<dns::DomainName>());
}

// `later` can never be the one that speaks: `earlier` matches all that it matches, forgives all that it
// forgives, and lives at least as long.
bool shadows(const Exemption& earlier, const Exemption& later) {
    const bool lives_on = !earlier.expires || (later.expires && *earlier.expires >= *later.expires);
    const bool forgives_all =
        std::includes(earlier.allow.begin(), earlier.allow.end(), later.allow.begin(), later.allow.end());
    return lives_on && forgives_all && covers(earlier.when, later.when);
}

// What anchors of exemptions refer to elsewhere in the configuration.
struct Anchors {
    const std::vector<dns::DomainName>& trusted_sealers;
    bool has_client_ca;
};

void read_when(const Section& item, const Anchors& anchors, Exemption& exemption) {
    item.require("when");
    const Section when = item.section("when");
    if (!item.has("when")) return;
    read_condition(when, exemption.when);
    for (const auto& sealer : exemption.when.arc_sealer)
        if (std::find(anchors.trusted_sealers.begin(), anchors.trusted_sealers.end(), sealer) ==
            anchors.trusted_sealers.end())
            when.warn("arc_sealer",
                      sealer.text() + " is not in authentication.arc.trusted_sealers and never matches");
    if (when.has("tls_client") && !anchors.has_client_ca)
        when.error("tls_client", "needs tls.client_ca: by whom would the certificate be verified?");
    // An anchor that was refused is a problem already, and not a second one.
    if (when.has("client_ip") || when.has("arc_sealer") || when.has("tls_client")) return;
    if (!exemption.forgeable)
        item.error("when",
                   "stands only on what a message says of itself, so that any forger matches; add client_ip, "
                   "tls_client or arc_sealer, or accept the risk by forgeable: true");
    else
        item.warn("when", "forgeable: any sender of a forgery can match it");
}

void check_expiry(const Section& item, const Exemption& exemption, std::chrono::sys_days today) {
    if (!exemption.expires) return;
    const auto left = std::chrono::sys_days(*exemption.expires) - today;
    if (exemption.has_expired(today))
        item.warn("expires", "has expired and is without effect");
    else if (left <= expiry_notice)
        item.warn("expires",
                  "expires in " + std::to_string(left.count()) + (left.count() == 1 ? " day" : " days"));
}

void read_allow(const Section& item, Exemption& exemption) {
    item.require("allow");
    if (item.has_empty("allow")) item.error("allow", "at least one check is needed");
    item.choice_list<policy::Forgiven>("allow",
                                       {{"dmarc", policy::Forgiven::dmarc},
                                        {"spf", policy::Forgiven::spf},
                                        {"missing_from_domain", policy::Forgiven::missing_from_domain},
                                        {"bare_newline", policy::Forgiven::bare_newline},
                                        {"dnsbl", policy::Forgiven::dnsbl},
                                        {"rate_limit", policy::Forgiven::rate_limit},
                                        {"early_talker", policy::Forgiven::early_talker},
                                        {"bare_path", policy::Forgiven::bare_path},
                                        {"unqualified", policy::Forgiven::unqualified}},
                                       {}, [&](policy::Forgiven what) { exemption.allow.insert(what); });
}

// Some checks are made before a message is there: what it says of itself comes too late to forgive them.
void check_known_in_time(const Section& item, const Exemption& exemption) {
    const auto allows = [&](policy::Forgiven what) {
        return exemption.allow.contains(what);
    };
    const std::string apart = ": give it an exemption of its own";
    const std::string with_envelope =
        " is decided at MAIL and RCPT, when author_domain and arc_sealer are not known" + apart;
    if (allows(policy::Forgiven::bare_path) && exemption.when.known_at() > policy::Phase::envelope)
        item.error("allow", "bare_path" + with_envelope);
    if (allows(policy::Forgiven::unqualified) && exemption.when.known_at() > policy::Phase::envelope)
        item.error("allow", "unqualified" + with_envelope);
    if (allows(policy::Forgiven::early_talker) && exemption.when.known_at() > policy::Phase::connection)
        item.error("allow",
                   "early_talker is decided before the first command, when nothing but client_ip and "
                   "tls_client is known" +
                       apart);
    if (allows(policy::Forgiven::rate_limit) && !exemption.when.asks_by(policy::Phase::envelope))
        item.warn("allow",
                  "rate_limit forgives messages here, and no recipients: those are counted at RCPT, when "
                  "author_domain and arc_sealer are not known; add what is (client_ip, helo, mail_from)");
}

Exemption read_exemption(const Section& item, std::chrono::sys_days today, const Anchors& anchors) {
    Exemption exemption;
    item.require("id");
    item.value("id", exemption.id, parse_id, "a name of letters, digits, '-', '_' and '.'");
    item.text("owner", exemption.owner);
    item.text("reason", exemption.reason);
    for (const auto* key : {"owner", "reason"})
        if (!item.has(key)) item.warn(key, "is missing: nobody will know whom to ask, or what it is for");
    item.value("expires", exemption.expires, parse_date, "a day (like 2027-06-30)");
    check_expiry(item, exemption, today);
    item.boolean("forgeable", exemption.forgeable);
    read_when(item, anchors, exemption);
    read_allow(item, exemption);
    check_known_in_time(item, exemption);
    if (!exemption.when.arc_sealer.empty()) exemption.override_type = "trusted_forwarder";
    // RFC 9990 appendix A, PolicyOverrideType: the words that an operator's exception can have.
    item.choice<std::string>("override", exemption.override_type,
                             {{"local_policy", "local_policy"},
                              {"trusted_forwarder", "trusted_forwarder"},
                              {"mailing_list", "mailing_list"},
                              {"other", "other"}});
    return exemption;
}

void check_against_earlier(const Section& item, const Exemption& exemption,
                           const std::vector<Exemption>& earlier, std::chrono::sys_days today) {
    for (const auto& other : earlier) {
        if (!exemption.id.empty() && other.id == exemption.id)
            return item.error("id", in_quotes(exemption.id) + " is the id of an earlier exemption");
        if (!other.has_expired(today) && shadows(other, exemption))
            return item.warn("", "never speaks: the earlier exemption " + in_quotes(other.id) +
                                     " matches and forgives all that it does");
    }
}

}  // namespace

void read_exemptions(const Section& policy, std::chrono::sys_days today, bool has_client_ca,
                     policy::Settings& target) {
    const Anchors anchors{target.trusted_sealers, has_client_ca};
    for (const auto& item : policy.sections("exemptions")) {
        Exemption exemption = read_exemption(item, today, anchors);
        check_against_earlier(item, exemption, target.exemptions, today);
        if (exemption.allow.contains(policy::Forgiven::unqualified) && !target.unqualified_domain)
            item.warn("allow", "unqualified has no effect without policy.unqualified_domain");
        target.exemptions.push_back(std::move(exemption));
    }
}

}  // namespace gatepost::config
