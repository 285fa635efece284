#include "server/cli/account.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace gatepost::server::cli {
namespace {

constexpr std::size_t label_width = 16;  // of the longest label, with a blank behind

std::string line(std::string_view label, std::string_view text) {
    std::string out(label);
    out.append(label_width - std::min(label_width, label.size()), ' ');
    return out + printable(text) + "\n";
}

std::string_view name_or_dash(const std::optional<dns::DomainName>& name) {
    return name ? std::string_view(name->text()) : "-";
}

std::string because(std::string_view reason) {
    return reason.empty() ? "" : " (" + std::string(reason) + ")";
}

std::string spf_line(std::string_view label, const auth::spf::Check& check) {
    std::string text(to_string(check.result));
    if (check.domain) text += " of " + check.domain->text();
    if (!check.mechanism.empty()) text += " by " + check.mechanism;
    if (!check.explanation.empty()) text += ": " + check.explanation;
    return line(label, text + because(check.reason.text()));
}

std::string dkim_lines(const std::vector<auth::dkim::Signature>& signatures) {
    if (signatures.empty()) return line("DKIM", "none");
    std::string out;
    for (const auto& signature : signatures) {
        std::string text(to_string(signature.result));
        text.append(" of ").append(name_or_dash(signature.domain));
        text.append(", selector ").append(signature.selector.empty() ? "-" : signature.selector);
        if (!signature.algorithm.empty()) text += ", " + signature.algorithm;
        if (signature.key_bits) text += ", " + std::to_string(signature.key_bits) + " bits";
        out += line(out.empty() ? "DKIM" : "", text + because(signature.reason.text()));
    }
    return out;
}

std::string arc_line(const auth::arc::Chain& chain, bool trusted) {
    std::string text(to_string(chain.result));
    for (const auto& sealer : chain.sealers)
        text.append(", i=")
            .append(std::to_string(sealer.instance))
            .append(" by ")
            .append(name_or_dash(sealer.domain));
    if (trusted) text += ", trusted";
    return line("ARC", text + because(chain.reason.text()));
}

std::string_view alignment_word(auth::dmarc::Alignment alignment) {
    switch (alignment) {
        case auth::dmarc::Alignment::no:
            return "no";
        case auth::dmarc::Alignment::yes:
            return "yes";
        case auth::dmarc::Alignment::unknown:
            return "unknown";
    }
    return "unknown";
}

std::string dmarc_lines(const auth::dmarc::Evaluation& dmarc) {
    std::string out = line("DMARC", std::string(to_string(dmarc.result)) + because(dmarc.reason.text()));
    if (!dmarc.record) return out;
    out +=
        line("", "record at " + std::string(name_or_dash(dmarc.record_domain)) + ": " + dmarc.record->text);
    out += line("", "organizational domain " + std::string(name_or_dash(dmarc.organizational_domain)) +
                        ", policy " + std::string(to_string(dmarc.policy)) + " by " + dmarc.policy_tag +
                        (dmarc.record->testing ? ", in test mode" : ""));
    out += line("", "aligned: SPF " + std::string(alignment_word(dmarc.spf_aligned)) + ", DKIM " +
                        std::string(alignment_word(dmarc.dkim_aligned)));
    return out;
}

std::string decision_lines(const policy::Decision& decision, bool judged) {
    std::string out = line("Decision", std::string(to_string(decision.action)) + because(decision.reason));
    if (decision.judged != decision.action)
        out += line("", "outside monitor mode: " + std::string(to_string(decision.judged)));
    if (!decision.rule.empty()) out += line("", "rule " + decision.rule);
    std::string facts;
    for (const auto fact : decision.facts)
        facts.append(facts.empty() ? "" : ", ").append(to_string(fact));
    if (!facts.empty()) out += line("", "facts against it: " + facts);
    if (judged)
        out += line("", "reported as " + std::string(to_string(decision.disposition)) +
                            (decision.override_reason ? ", override " + decision.override_reason->type +
                                                            because(decision.override_reason->comment)
                                                      : ""));
    if (decision.refusal) out += line("Reply", reply_line(*decision.refusal));
    return out;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet < 0x20 || octet == 0x7f) c = '?';
    }
    return out;
}

std::string spf_text(const auth::spf::Check& check) {
    return spf_line("SPF", check);
}

std::string account_text(const Account& account) {
    const auto& evidence = account.evidence;
    std::string out;
    for (const RecipientAnswer& recipient : account.recipients)
        if (!recipient.reply.empty()) out += line("Recipient", recipient.address + ": " + recipient.reply);
    if (!account.judged) return out + decision_lines(account.decision, false);
    const auto& author = evidence.author;
    out += line("Author domain", author.domain ? author.domain->text() : to_string(author.fault));
    out += line("Client name", std::string(name_or_dash(evidence.iprev.name)) + ", iprev " +
                                   std::string(to_string(evidence.iprev.result)) +
                                   because(evidence.iprev.reason.text()));
    out += spf_line("SPF", evidence.spf);
    out += spf_line("SPF of HELO", evidence.spf_helo);
    out += dkim_lines(evidence.dkim);
    out += arc_line(evidence.arc, account.arc_trusted);
    out += dmarc_lines(evidence.dmarc);
    out += decision_lines(account.decision, true);
    out += "Authentication-Results: " + printable(account.authentication_results) + "\n";
    return out;
}

}  // namespace gatepost::server::cli
