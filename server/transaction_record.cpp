// What is kept of a transaction that ended: counters, the report's row and the verdict line.
#include "server/log.hpp"
#include "server/projections.hpp"
#include "server/transaction.hpp"

#include <ranges>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::server {
using smtp::Reply;
namespace {

constexpr std::size_t verdict_fields = 32;   // local: about as many as there are
constexpr std::size_t most_reasons = 5;      // local choice: a sender can add hundreds of signatures
constexpr std::size_t most_recipients = 20;  // local choice: of most messages all, and the line stays short

std::string message_id_of(const auth::HeaderBlock* header) {
    const auth::HeaderField* field = header ? header->find("Message-ID") : nullptr;
    return field ? auth::unfold(field->value) : "";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        if (!text.empty()) text += ',';
        text += word;
    }
    return text;
}

// Why, where it was no pass: what others wrote, which no field of ours repeats, stands here.
void tell_reasons(LogEntry& entry, const auth::Evidence& evidence) {
    using SpfResult = auth::spf::Result;
    const auth::spf::Check& spf = evidence.spf;
    if (spf.result == SpfResult::permerror || spf.result == SpfResult::temperror)
        entry.with("spf_reason", spf.reason.text());
    std::size_t told = 0;
    for (const auto& signature : evidence.dkim)
        if (signature.result != auth::dkim::Result::pass && ++told <= most_reasons)
            entry.with_some("dkim_reason", signature.reason.text());
    entry.with_some("arc_reason", evidence.arc.reason.text());
}

}  // namespace

void Transaction::record(const smtp::Envelope& envelope, const Reply& final_reply) {
    const Outcome outcome = judgement_->is_judged()              ? outcome_of(decision(), final_reply)
                            : final_reply.is_transient_failure() ? Outcome::defer
                                                                 : Outcome::reject;
    services_.metrics.count_message(outcome, evidence().author.domain ? &*evidence().author.domain : nullptr);
    if (judgement_->is_judged()) {
        services_.metrics.count_verdicts(evidence());
        if (runtime_->config.policy.mode == policy::Mode::monitor)
            services_.metrics.count_would_be(decision().judged);
        const std::string& by = decision().exemption;
        const std::string& newlines_by = judgement_->newlines_forgiven_by();
        if (!by.empty()) services_.metrics.count_exemption(by);
        if (!newlines_by.empty() && newlines_by != by) services_.metrics.count_exemption(newlines_by);
        for (const std::string& id : envelope.forgiven_by)
            if (id != by && id != newlines_by) services_.metrics.count_exemption(id);
    }
    // A deferred message comes again: only what ended is reported.
    if (judgement_->is_judged() && !final_reply.is_transient_failure()) {
        auto row = report_row(decision(), evidence(), client_.address, envelope, began_);
        if (row) services_.store.append(std::move(*row));
    }
    log_verdict(envelope, final_reply);
}

void Transaction::log_verdict(const smtp::Envelope& envelope, const Reply& final_reply) const {
    LogEntry entry("verdict");
    entry.expect(verdict_fields);
    entry.with("tx", id_).with("client", client_.address.text()).with("helo", client_.helo);
    entry.with("from", "<" + envelope.reverse_path.mailbox() + ">");
    for (const smtp::Recipient& recipient : envelope.recipients | std::views::take(most_recipients))
        entry.with("to", recipient.forward_path.mailbox());
    entry.with("recipients", envelope.recipients.size());
    entry.with_some("message_id", message_id_of(judgement_->header().get())).with("size", size_);
    entry.with("tls", client_.tls_version.empty() ? "none" : client_.tls_version);
    entry.with_some("cipher", client_.tls_cipher);
    if (client_.tls_client) {
        const std::string subject = client_.tls_client->subject.text();
        entry.with("tls_client", subject.empty() ? client_.tls_client->sha256 : subject);
    }
    if (judgement_->is_judged()) {
        entry.with("author", evidence().author.domain ? evidence().author.domain->text() : "");
        entry.with("spf", to_string(evidence().spf.result));
        std::string signatures;
        for (const auto& signature : evidence().dkim) {
            if (!signatures.empty()) signatures += ',';
            signatures += to_string(signature.result);
            if (signature.domain) signatures += ':' + signature.domain->text();
        }
        entry.with("dkim", signatures.empty() ? "none" : signatures);
        entry.with("arc", to_string(evidence().arc.result));
        entry.with("dmarc", to_string(evidence().dmarc.result))
            .with("policy", to_string(evidence().dmarc.policy));
        tell_reasons(entry, evidence());
        entry.with("action", to_string(decision().action)).with_some("rule", decision().rule);
        if (decision().judged != decision().action) entry.with("would_be", to_string(decision().judged));
        std::string facts;
        for (const policy::Fact fact : decision().facts) {
            if (!facts.empty()) facts += ',';
            facts += to_string(fact);
        }
        entry.with_some("facts", facts)
            .with_some("absence", decision().absence)
            .with_some("trouble", evidence().dmarc.result == auth::dmarc::Result::temperror
                                      ? evidence().dmarc.reason.text()
                                      : "");
    }
    if (put_off_ > 0) entry.with("put_off", put_off_);
    if (delivery_) entry.with_some("relay", delivery_->destination());
    entry.with_some("sealed", sealing_note())
        .with_some("bare_newline", judgement_->newlines_forgiven_by())
        .with_some("address_form", joined(envelope.forgiven_by))
        .with_some("limit", limit_)
        .with_some("problem", storage_problem_)
        .with("code", final_reply.code())
        .with("reply", final_reply.text());
    services_.log.write(entry);
}

std::string Transaction::sealing_note() const {
    if (sealed_.fields.empty()) return sealed_.reason.empty() ? "" : "no: " + sealed_.reason.text();
    return "i=" + std::to_string(sealed_.instance) + " cv=" + std::string(to_string(sealed_.status));
}

}  // namespace gatepost::server
