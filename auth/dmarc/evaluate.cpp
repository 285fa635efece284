#include "auth/dmarc/evaluate.hpp"

#include "auth/dmarc/identifier_alignment.hpp"
#include "auth/dmarc/record.hpp"

#include <utility>

namespace gatepost::auth::dmarc {
namespace {

Evaluation begin(dns::DomainName author_domain, Discovered discovered, Discovery method) {
    Evaluation evaluation;
    evaluation.discovery = method;
    evaluation.author_domain = std::move(author_domain);
    evaluation.record_domain = std::move(discovered.record_domain);
    evaluation.organizational_domain = std::move(discovered.organizational_domain);
    evaluation.policy = discovered.policy;
    const bool testing = discovered.record && discovered.record->testing;
    evaluation.applied_policy = testing ? one_level_below(discovered.policy) : discovered.policy;
    evaluation.policy_tag = std::move(discovered.policy_tag);
    evaluation.reason = std::move(discovered.reason);
    evaluation.record = std::move(discovered.record);
    return evaluation;
}

// What an identifier with this result adds to what the identifiers before it gave.
template <typename MechanismResult>
Alignment joined(Alignment before, MechanismResult result, Alignment alignment) {
    if (before == Alignment::yes || alignment == Alignment::no) return before;
    if (result == MechanismResult::pass) return alignment;
    return result == MechanismResult::temperror ? Alignment::unknown : before;
}

boost::asio::awaitable<void> align_spf(const spf::Check& mail_from, IdentifierAlignment& identifiers,
                                       Evaluation& evaluation) {
    if (!mail_from.domain) co_return;
    const Alignment alignment = co_await identifiers.check(*mail_from.domain, evaluation.record->aspf);
    evaluation.spf_domain_aligned = alignment == Alignment::yes;
    evaluation.spf_domain_open = alignment == Alignment::unknown;
    evaluation.spf_aligned = joined(Alignment::no, mail_from.result, alignment);
}

bool may_authenticate(dkim::Result result) {
    return result == dkim::Result::pass || result == dkim::Result::temperror;
}

// Takes the signatures that can decide, or the others.
boost::asio::awaitable<void> align_signatures(const std::vector<dkim::Signature>& signatures, bool deciding,
                                              IdentifierAlignment& identifiers, Evaluation& evaluation) {
    const AlignmentMode mode = evaluation.record->adkim;
    for (const dkim::Signature& signature : signatures) {
        if (!signature.domain || may_authenticate(signature.standing()) != deciding) continue;
        if (!deciding && evaluation.dkim_domain_aligned) co_return;
        const Alignment alignment = co_await identifiers.check(*signature.domain, mode);
        if (alignment == Alignment::yes) evaluation.dkim_domain_aligned = true;
        if (alignment == Alignment::unknown) evaluation.dkim_domain_open = true;
        evaluation.dkim_aligned = joined(evaluation.dkim_aligned, signature.standing(), alignment);
    }
}

// RFC 9989 §5.3.5 and §5.3.6. A pass is proven by one identifier; a fail only when no identifier is open, and
// when it is known which policy the message fails.
void conclude(Evaluation& evaluation) {
    const bool passed = evaluation.spf_aligned == Alignment::yes || evaluation.dkim_aligned == Alignment::yes;
    const bool open =
        evaluation.spf_aligned == Alignment::unknown || evaluation.dkim_aligned == Alignment::unknown;
    if (passed)
        evaluation.result = Result::pass;
    else if (open || evaluation.policy_tag.empty())
        evaluation.result = Result::temperror;
    else
        evaluation.result = Result::fail;
    if (passed) evaluation.reason = Reason();
    if (open && !passed && evaluation.reason.empty())
        evaluation.reason = "trouble leaves open whether an identifier passes and aligns";
}

}  // namespace

boost::asio::awaitable<Evaluation> evaluate(dns::DomainName author_domain, Discovered discovered,
                                            Discovery method, spf::Check mail_from,
                                            std::vector<dkim::Signature> signatures,
                                            dns::Resolver& resolver) {
    const Result trouble = discovered.trouble;
    const auto organizational_domain_from = discovered.organizational_domain_from;
    Evaluation evaluation = begin(author_domain, std::move(discovered), method);
    if (!evaluation.record) {
        evaluation.result = trouble;
        co_return evaluation;
    }
    IdentifierAlignment identifiers(author_domain, evaluation.organizational_domain,
                                    organizational_domain_from, method, resolver);
    co_await align_spf(mail_from, identifiers, evaluation);
    // Signatures that can decide come first, so that broken ones cannot use up the walks. Those are looked at
    // only for what they say of the sender's habits, and only until one aligns.
    co_await align_signatures(signatures, true, identifiers, evaluation);
    co_await align_signatures(signatures, false, identifiers, evaluation);
    conclude(evaluation);
    co_return evaluation;
}

}  // namespace gatepost::auth::dmarc
