#include "policy/corroboration.hpp"

#include <algorithm>

namespace gatepost::policy {
namespace {

enum class Holds { no, yes, unknown };

// `result` of a mechanism that authenticates `identity`: does that prove `domain`?
template <typename MechanismResult>
Holds proves(MechanismResult result, const std::optional<dns::DomainName>& identity,
             const dns::DomainName& domain) {
    if (!identity || !domain.is_at_or_below(*identity)) return Holds::no;
    if (result == MechanismResult::pass) return Holds::yes;
    return result == MechanismResult::temperror ? Holds::unknown : Holds::no;
}

Holds is_authenticated(const dns::DomainName& domain, const auth::Evidence& evidence) {
    Holds holds = proves(evidence.spf.result, evidence.spf.domain, domain);
    for (const auth::dkim::Signature& signature : evidence.dkim) {
        if (holds == Holds::yes) break;
        const Holds own = proves(signature.standing(), signature.domain, domain);
        if (own != Holds::no) holds = own;
    }
    return holds;
}

Holds is_own_domain_from_outside(const Facts& facts, const auth::Evidence& evidence,
                                 const Settings& settings) {
    const auto& author = evidence.author.domain;
    const auto& own = settings.own_domains;
    if (!author || std::find(own.begin(), own.end(), *author) == own.end()) return Holds::no;
    if (is_own_client(facts, settings.own_networks)) return Holds::no;
    // Our users post to lists: a list or a sealer that proves who it is undoes the suspicion.
    if (evidence.arc.proves_message()) return Holds::no;
    const auto& list = evidence.indirect_flow.list_domain;
    const Holds list_proven = list ? is_authenticated(*list, evidence) : Holds::no;
    if (list_proven == Holds::yes) return Holds::no;
    const bool open = list_proven == Holds::unknown || evidence.arc.is_open();
    return open ? Holds::unknown : Holds::yes;
}

Holds is_spf_fail_unsigned(const auth::Evidence& evidence) {
    const auth::dmarc::Evaluation& dmarc = evidence.dmarc;
    if (evidence.spf.result != auth::spf::Result::fail || evidence.indirect_flow.any()) return Holds::no;
    if (dmarc.dkim_domain_aligned) return Holds::no;
    if (dmarc.spf_domain_open) return Holds::unknown;
    if (!dmarc.spf_domain_aligned) return Holds::no;
    return dmarc.dkim_domain_open ? Holds::unknown : Holds::yes;
}

Holds has_no_client_name(const auth::Evidence& evidence) {
    if (evidence.iprev.result == auth::iprev::Result::temperror) return Holds::unknown;
    return evidence.iprev.has_no_name() ? Holds::yes : Holds::no;
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

Corroboration corroborate(const Facts& facts, const auth::Evidence& evidence, const Settings& settings) {
    Corroboration found;
    const auto weigh = [&](Fact fact, Holds holds, std::string_view missing) {
        if (holds == Holds::yes) found.facts.push_back(fact);
        if (holds != Holds::unknown || found.open) return;
        found.open = fact;
        found.open_reason = missing;
    };
    weigh(Fact::own_domain, is_own_domain_from_outside(facts, evidence, settings),
          "whether the list or sealer is the one it says it is");
    weigh(Fact::spf_fail_unsigned, is_spf_fail_unsigned(evidence),
          "whether the MAIL FROM or a signature is of the author's organization");
    weigh(Fact::no_client_name, has_no_client_name(evidence),
          "the client's name, " + evidence.iprev.reason.words());
    const bool enforced = evidence.author.domain && any_matches(settings.enforce, *evidence.author.domain);
    weigh(Fact::enforced, enforced ? Holds::yes : Holds::no, "");
    return found;
}

}  // namespace gatepost::policy
