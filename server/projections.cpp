#include "server/projections.hpp"

#include "auth/results/field_text.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::server {
namespace {

namespace dkim = auth::dkim;
namespace dmarc = auth::dmarc;

constexpr std::size_t max_dkim_results = 100;  // RFC 9990 §3.1.3

// RFC 9990 §3.1.3: passing and strictly aligned, passing and aligned, other passing, failing.
int report_order(const dkim::Signature& signature, const dmarc::Evaluation& evaluation) {
    if (signature.result != dkim::Result::pass) return 3;
    if (signature.domain == evaluation.author_domain) return 0;
    const auto& organizational = evaluation.organizational_domain;
    return signature.domain && organizational && signature.domain->is_at_or_below(*organizational) ? 1 : 2;
}

std::vector<reports::aggregate::DkimResult> dkim_results(const auth::Evidence& evidence) {
    std::vector<const dkim::Signature*> order;
    for (const dkim::Signature& signature : evidence.dkim)
        if (signature.domain && !signature.selector.empty()) order.push_back(&signature);
    std::stable_sort(order.begin(), order.end(), [&](const auto* a, const auto* b) {
        return report_order(*a, evidence.dmarc) < report_order(*b, evidence.dmarc);
    });
    if (order.size() > max_dkim_results) order.resize(max_dkim_results);
    std::vector<reports::aggregate::DkimResult> results;
    for (const auto* signature : order)
        results.push_back(
            {signature->domain->text(), signature->selector, signature->result, signature->reason.words()});
    return results;
}

// Which check put the message into quarantine, by the key that spoke.
std::string_view quarantining_check(const policy::Decision& decision) {
    if (decision.rule == "policy.on_invalid_from") return "from";
    if (decision.rule.starts_with("authentication.spf.")) return "spf";
    return "dmarc";
}

}  // namespace

Outcome outcome_of(const policy::Decision& decision, const smtp::Reply& final_reply) {
    if (final_reply.is_transient_failure()) return Outcome::defer;
    switch (decision.action) {
        case policy::Action::reject:
            return Outcome::reject;
        case policy::Action::discard:
            return Outcome::discard;
        case policy::Action::defer:
            return Outcome::defer;
        case policy::Action::accept:
        case policy::Action::quarantine:
            break;
    }
    if (final_reply.is_permanent_failure()) return Outcome::relay_reject;
    return decision.action == policy::Action::quarantine ? Outcome::quarantine : Outcome::accept;
}

auth::results::PolicyNote policy_note(const policy::Decision& decision, const auth::Evidence& evidence) {
    auth::results::PolicyNote note;
    if (evidence.dmarc.record) note.disposition = to_string(decision.disposition);
    if (decision.override_reason) {
        note.override_type = decision.override_reason->type;
        note.override_comment = decision.override_reason->comment;
    }
    return note;
}

std::string quarantine_field(const policy::Decision& decision) {
    std::string field = "X-Quarantine: ";
    field += quarantining_check(decision);
    return field + ";\r\n\t" + auth::results::unstructured_text(decision.reason) + "\r\n";
}

smtp::Reply refusal_reply(const policy::Refusal& refusal, const std::string& hostname,
                          const std::string& id) {
    return smtp::Reply(refusal.code, refusal.enhanced_code, refusal.text).signed_by(hostname, id);
}

std::optional<reports::aggregate::Row> report_row(const policy::Decision& decision,
                                                  const auth::Evidence& evidence,
                                                  const dns::IpAddress& client,
                                                  const smtp::Envelope& envelope,
                                                  std::chrono::system_clock::time_point now) {
    const dmarc::Evaluation& evaluation = evidence.dmarc;
    const bool evaluated =
        evaluation.result == dmarc::Result::pass || evaluation.result == dmarc::Result::fail;
    if (!evaluated || !evaluation.record || !evaluation.record_domain || !evaluation.author_domain)
        return std::nullopt;
    reports::aggregate::Row row;
    row.received = now;
    row.policy_domain = *evaluation.record_domain;
    row.policy = *evaluation.record;
    row.discovery = evaluation.discovery;
    row.source_ip = client;
    row.disposition = to_string(decision.disposition);
    row.dkim_aligned = evaluation.dkim_aligned == dmarc::Alignment::yes;
    row.spf_aligned = evaluation.spf_aligned == dmarc::Alignment::yes;
    if (decision.override_reason)
        row.reason = reports::aggregate::OverrideReason{decision.override_reason->type,
                                                        decision.override_reason->comment};
    row.header_from = *evaluation.author_domain;
    if (envelope.reverse_path.domain()) row.envelope_from = envelope.reverse_path.domain()->text();
    for (const smtp::Recipient& recipient : envelope.recipients) {
        const auto& domain = recipient.forward_path.domain();
        if (domain && std::find(row.envelope_to.begin(), row.envelope_to.end(), domain->text()) ==
                          row.envelope_to.end())
            row.envelope_to.push_back(domain->text());
    }
    row.dkim = dkim_results(evidence);
    if (evidence.spf.domain)
        row.spf = reports::aggregate::SpfResult{evidence.spf.domain->text(), evidence.spf.result,
                                                evidence.spf.reason.words()};
    return row;
}

}  // namespace gatepost::server
