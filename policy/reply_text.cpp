#include "policy/reply_text.hpp"

#include "dns/ascii.hpp"

namespace gatepost::policy {
namespace {

constexpr std::size_t max_detail_octets =
    200;  // local: keeps the reply on one line of 512 (RFC 5321 §4.5.3.1.5)

std::string printable(std::string_view text) {
    std::string safe;
    for (const char c : text.substr(0, max_detail_octets))
        safe += ascii::is_printable(c) ? c : '?';
    return safe;
}

std::string name_or(const std::optional<dns::DomainName>& name, std::string_view otherwise) {
    return name ? printable(name->text()) : std::string(otherwise);
}

}  // namespace

std::string dmarc_failure_text(const auth::dmarc::Evaluation& evaluation) {
    std::string text =
        "DMARC policy of " + name_or(evaluation.record_domain, name_or(evaluation.author_domain, "?"));
    text += " is ";
    text += to_string(evaluation.policy);
    if (evaluation.record_domain != evaluation.author_domain && evaluation.author_domain &&
        evaluation.record_domain)
        text += " for " + printable(evaluation.author_domain->text());
    return text + " and neither SPF nor DKIM passed in alignment";
}

Refusal dmarc_refusal(const auth::dmarc::Evaluation& evaluation, const std::vector<Fact>& facts) {
    std::string text = dmarc_failure_text(evaluation);
    for (const Fact fact : facts) {
        text += fact == facts.front() ? "; " : ", ";
        text += to_string(fact);
    }
    return {550, "5.7.1", std::move(text)};
}

Refusal dmarc_temperror_refusal(const auth::Evidence& evidence) {
    std::string text = "DMARC of " + name_or(evidence.author.domain, "?") + " cannot be evaluated now";
    if (!evidence.dmarc.reason.empty()) text += ": " + evidence.dmarc.reason.words();
    return {451, "4.7.1", std::move(text)};
}

Refusal corroboration_temperror_refusal(const auth::dmarc::Evaluation& evaluation,
                                        const std::string& missing) {
    return {451, "4.7.1", dmarc_failure_text(evaluation) + "; cannot be told now: " + printable(missing)};
}

Refusal arc_temperror_refusal(const auth::arc::Chain& chain) {
    // RFC 8617 §10.4
    return {451, "4.7.29", "the ARC chain of this message cannot be validated now: " + chain.reason.words()};
}

Refusal brownout_refusal(const Refusal& permanent, const std::string& absence) {
    // RFC 3463 §3.5: X.4.3, directory server failure.
    return {451, "4.4.3", permanent.text + "; our DNS is in trouble, and lacks " + printable(absence)};
}

std::string spf_failure_text(const auth::spf::Check& check) {
    return "SPF of " + name_or(check.domain, "?") + " does not permit this client";
}

Refusal spf_refusal(const auth::spf::Check& check) {
    std::string text = spf_failure_text(check);
    if (!check.mechanism.empty()) text += " (" + printable(check.mechanism) + ")";
    if (!check.explanation.empty()) text += ": " + printable(check.explanation);
    return {550, "5.7.23", std::move(text)};  // RFC 7372 §3.2
}

Refusal spf_temperror_refusal(const auth::spf::Check& check) {
    std::string text = "SPF of " + name_or(check.domain, "?") + " cannot be checked now";
    if (!check.reason.empty()) text += ": " + check.reason.words();
    return {451, "4.7.24", std::move(text)};  // RFC 7372 §3.2
}

Refusal invalid_from_refusal(const auth::Author& author) {
    if (author.fault == auth::AuthorFault::malformed_header) return {550, "5.6.0", author.header_problem};
    return {550, "5.7.1",
            "From must be one field with one author domain (RFC 9989 section 11.5): " +
                std::string(to_string(author.fault))};
}

}  // namespace gatepost::policy
