#include "policy/corroboration.hpp"

#include <algorithm>

namespace gatepost::policy {
namespace {

bool is_authenticated(const dns::DomainName& domain, const auth::Evidence& evidence) {
    const auto covers = [&](const std::optional<dns::DomainName>& authenticated) {
        return authenticated && domain.is_at_or_below(*authenticated);
    };
    if (evidence.spf.result == auth::spf::Result::pass && covers(evidence.spf.domain)) return true;
    return std::any_of(evidence.dkim.begin(), evidence.dkim.end(),
                       [&](const auth::dkim::Signature& signature) {
                           return signature.result == auth::dkim::Result::pass && covers(signature.domain);
                       });
}

bool is_own_domain_from_outside(const Facts& facts, const auth::Evidence& evidence,
                                const Settings& settings) {
    const auto& author = evidence.author.domain;
    const auto& own = settings.own_domains;
    if (!author || std::find(own.begin(), own.end(), *author) == own.end()) return false;
    if (any_contains(settings.own_networks, facts.client_ip)) return false;
    // Our users post to lists: a list that proves who it is undoes the suspicion.
    const auto& list = evidence.indirect_flow.list_domain;
    return !(list && is_authenticated(*list, evidence));
}

bool is_spf_fail_unsigned(const auth::Evidence& evidence) {
    return evidence.spf.result == auth::spf::Result::fail && evidence.dmarc.spf_domain_aligned &&
           !evidence.dmarc.dkim_domain_aligned && !evidence.indirect_flow.any();
}

}  // namespace

std::string_view to_string(Fact fact) {
    switch (fact) {
        case Fact::own_domain:
            return "own_domain";
        case Fact::spf_fail_unsigned:
            return "spf_fail_unsigned";
        case Fact::no_client_name:
            return "no_client_name";
        case Fact::enforced:
            return "enforced";
    }
    return "unknown";
}

std::vector<Fact> corroborate(const Facts& facts, const auth::Evidence& evidence, const Settings& settings) {
    std::vector<Fact> found;
    if (is_own_domain_from_outside(facts, evidence, settings)) found.push_back(Fact::own_domain);
    if (is_spf_fail_unsigned(evidence)) found.push_back(Fact::spf_fail_unsigned);
    if (evidence.iprev.result == auth::iprev::Result::fail) found.push_back(Fact::no_client_name);
    if (evidence.author.domain && any_matches(settings.enforce, *evidence.author.domain))
        found.push_back(Fact::enforced);
    return found;
}

}  // namespace gatepost::policy
