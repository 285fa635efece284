#include "policy/absence.hpp"

#include <algorithm>

namespace gatepost::policy {
namespace {

using auth::Evidence;
namespace dkim = auth::dkim;
namespace dmarc = auth::dmarc;
namespace spf = auth::spf;

// Names that may be of one organization. Which organization a name is of is found by a walk over absent
// records (RFC 9989 §4.10), so that only names apart in their last two labels are surely strangers.
bool may_align(const std::optional<dns::DomainName>& identity, const std::optional<dns::DomainName>& author) {
    return identity && author && identity->suffix(2) == author->suffix(2);
}

// SPF did not pass for want of a record: its own, one that it includes, or the addresses of a host.
bool lacks_spf_record(const spf::Check& check) {
    return check.result == spf::Result::none || check.result == spf::Result::permerror ||
           check.void_lookups > 0;
}

std::string absence_behind_failed_spf(const Evidence& evidence) {
    if (evidence.spf.void_lookups > 0) return "a host that the SPF record names has no address";
    return {};
}

std::string absence_behind_policy(const dmarc::Evaluation& evaluation) {
    if (evaluation.policy_tag == "np") return "the author domain does not exist";
    if (evaluation.record_domain != evaluation.author_domain) return "the author domain has no DMARC record";
    return {};
}

std::string absence_behind_spf(const Evidence& evidence) {
    const spf::Check& check = evidence.spf;
    const auto& author = evidence.author.domain;
    if (!may_align(check.domain, author)) return {};
    // It passed, and was found to be of another organization.
    if (check.result == spf::Result::pass) return "no DMARC record makes one organization of the domains";
    return lacks_spf_record(check) ? "an SPF record, or what it names" : "";
}

std::string absence_behind_dkim(const Evidence& evidence) {
    for (const dkim::Signature& signature : evidence.dkim) {
        if (!may_align(signature.domain, evidence.author.domain)) continue;
        if (signature.key_absent) return "a key of " + signature.domain->text();
        if (signature.result == dkim::Result::pass)
            return "no DMARC record makes one organization of the domains";
    }
    return {};
}

std::string absence_behind_facts(const std::vector<Fact>& facts) {
    const bool nothing_else =
        std::all_of(facts.begin(), facts.end(), [](Fact fact) { return fact == Fact::no_client_name; });
    return !facts.empty() && nothing_else ? "a name of the client" : "";
}

}  // namespace

std::string absence_behind(const Decision& decision, const Evidence& evidence) {
    if (decision.action != Action::reject || !evidence.author.domain) return {};
    if (decision.rule == "policy.dnsbl") return {};  // a listing is a record
    if (evidence.rests_on_stale) return "an answer that is still valid";
    if (decision.rule == "authentication.spf.on_fail") return absence_behind_failed_spf(evidence);
    for (std::string absence : {absence_behind_policy(evidence.dmarc), absence_behind_spf(evidence),
                                absence_behind_dkim(evidence), absence_behind_facts(decision.facts)})
        if (!absence.empty()) return absence;
    return {};
}

}  // namespace gatepost::policy
