#include "policy/exemption.hpp"

#include <algorithm>

namespace gatepost::policy {
namespace {

bool has_no_domain_at_all(const auth::Author& author) {
    return author.fault == auth::AuthorFault::no_from || author.fault == auth::AuthorFault::no_domain;
}

bool forgives(const Exemption& exemption, Forgiven what, const Subject& subject) {
    if (!exemption.allow.contains(what) || exemption.has_expired(subject.facts.today)) return false;
    if (exemption.when.matches(subject)) return true;
    return exemption.allow.contains(Forgiven::missing_from_domain) &&
           has_no_domain_at_all(subject.evidence.author) && exemption.when.matches_apart_from_author(subject);
}

bool forgives_envelope(const Exemption& exemption, Forgiven what, const Facts& facts) {
    return exemption.allow.contains(what) && !exemption.has_expired(facts.today) &&
           exemption.when.matches_envelope(facts);
}

}  // namespace

bool Exemption::has_expired(std::chrono::sys_days today) const {
    return expires && today > std::chrono::sys_days(*expires);
}

const Exemption* find_exemption(const std::vector<Exemption>& exemptions, Forgiven what,
                                const Subject& subject) {
    const auto found = std::find_if(exemptions.begin(), exemptions.end(), [&](const Exemption& exemption) {
        return forgives(exemption, what, subject);
    });
    return found == exemptions.end() ? nullptr : &*found;
}

bool may_be_exempted(const std::vector<Exemption>& exemptions, Forgiven what, const Facts& facts) {
    return std::any_of(exemptions.begin(), exemptions.end(),
                       [&](const Exemption& exemption) { return forgives_envelope(exemption, what, facts); });
}

bool is_exempted_so_far(const std::vector<Exemption>& exemptions, Forgiven what, const Facts& facts) {
    return std::any_of(exemptions.begin(), exemptions.end(), [&](const Exemption& exemption) {
        return exemption.when.asks_by(Phase::envelope) && forgives_envelope(exemption, what, facts);
    });
}

const Exemption* find_envelope_exemption(const std::vector<Exemption>& exemptions, Forgiven what,
                                         const Facts& facts) {
    const auto found = std::find_if(exemptions.begin(), exemptions.end(), [&](const Exemption& exemption) {
        return exemption.when.known_at() <= Phase::envelope && forgives_envelope(exemption, what, facts);
    });
    return found == exemptions.end() ? nullptr : &*found;
}

const Exemption* find_client_exemption(const std::vector<Exemption>& exemptions, Forgiven what,
                                       const Facts& facts) {
    const auto found = std::find_if(exemptions.begin(), exemptions.end(), [&](const Exemption& exemption) {
        return exemption.when.known_at() == Phase::connection && forgives_envelope(exemption, what, facts);
    });
    return found == exemptions.end() ? nullptr : &*found;
}

bool is_named_client(const std::vector<Exemption>& exemptions,
                     const std::vector<dns::IpNetwork>& own_networks, const Facts& facts) {
    if (is_own_client(facts, own_networks)) return true;
    return std::any_of(exemptions.begin(), exemptions.end(), [&](const Exemption& exemption) {
        return exemption.when.asks_by(Phase::connection) && !exemption.has_expired(facts.today) &&
               exemption.when.matches_envelope(facts);
    });
}

}  // namespace gatepost::policy
