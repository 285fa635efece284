#include "auth/results/authentication_results.hpp"

#include "auth/mail_address.hpp"
#include "auth/results/field_text.hpp"
#include "auth/results/parse_results.hpp"

#include "dns/ascii.hpp"
#include "dns/idna.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gatepost::auth::results {
namespace {

// local: results of signatures written beside the passing ones. A sender can add hundreds of fields.
constexpr std::size_t max_failed_signatures = 20;

std::string token_or_quoted(std::string_view value) {
    return is_token(value) ? std::string(value) : quote_string(value);
}

// The algorithms that are registered for DKIM (RFC 6376 §3.3, RFC 8463 §3); others are a sender's own words.
constexpr std::array<std::string_view, 3> known_algorithms = {"rsa-sha1", "rsa-sha256", "ed25519-sha256"};

// RFC 8601 §2.2 lets an email identity be [ [ local-part ] "@" ] domain-name. A local-part in quotes can hold
// what a reader that splits at every ";" takes for a result, and a dot-atom "dkim=pass"; of such an identity
// only
// "@" and the domain are told.
std::string told_identity(std::string_view identity) {
    const auto at = identity.rfind('@');
    if (at == std::string_view::npos) return {};
    const auto domain = dns::to_ascii(identity.substr(at + 1));
    if (!domain || !domain->is_host_name(true)) return {};
    const std::string_view local_part = identity.substr(0, at);
    return (is_plain_local_part(local_part) ? std::string(local_part) : "") + '@' + domain->text();
}

bool is_unpadded_base64(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return ascii::is_alnum(c) || c == '+' || c == '/'; });
}

class ValueWriter {
  public:
    explicit ValueWriter(std::string_view authserv_id) : text_(token_or_quoted(authserv_id)) {}

    void result(std::string_view method, std::string_view word) {
        text_.append("; ").append(method).append("=").append(word);
    }

    void comment(std::string_view text) {
        if (!text.empty()) text_.append(" (").append(comment_text(text)).append(")");
    }

    // Our own words alone: what others wrote is for the log and for programs (reason.hpp).
    void reason(const Reason& reason) {
        if (!reason.empty()) text_.append(" reason=").append(quote_string(reason.words()));
    }

    // A value of ours.
    void property(std::string_view name, std::string_view value) { write(name, token_or_quoted(value)); }

    // What is no host name is not written: quoted, too, some reader would take a part of it for a domain.
    void domain(std::string_view name, const std::optional<dns::DomainName>& domain) {
        if (domain && domain->is_host_name(true)) write(name, domain->text());
    }

    // A value that needs no quotes.
    void write(std::string_view name, std::string_view value) {
        text_.append(" ").append(name).append("=").append(value);
    }

    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

void write_spf_check(ValueWriter& writer, std::string_view property, const spf::Check& check) {
    writer.result("spf", spf::to_string(check.result));
    if (check.result != spf::Result::pass) writer.reason(check.reason);
    writer.domain(property, check.domain);
}

// RFC 8601 §2.7.2: smtp.mailfrom or smtp.helo, whichever identity was checked; the domain alone, since few
// policies speak of local-parts. For the null reverse-path that identity is postmaster@HELO (RFC 7208 §2.4).
// HELO's own check is a second result where it found a policy and is about another domain. What was not
// evaluated is not told.
void write_spf(ValueWriter& writer, const TransactionIdentity& identity, const Evidence& evidence) {
    const bool null_path = identity.mail_from.empty();
    if (evidence.spf.evaluated)
        write_spf_check(writer, null_path ? "smtp.helo" : "smtp.mailfrom", evidence.spf);
    const spf::Check& helo = evidence.spf_helo;
    if (null_path || helo.result == spf::Result::none || !helo.domain || helo.domain == evidence.spf.domain)
        return;
    write_spf_check(writer, "smtp.helo", helo);
}

void write_signature(ValueWriter& writer, const dkim::Signature& signature) {
    writer.result("dkim", dkim::to_string(signature.result));
    if (signature.result != dkim::Result::pass) writer.reason(signature.reason);
    writer.domain("header.d", signature.domain);
    writer.domain("header.s", dns::DomainName::parse(signature.selector));
    const std::string identity = told_identity(signature.identity);
    if (is_writable(identity)) writer.write("header.i", identity);
    const bool known = std::find(known_algorithms.begin(), known_algorithms.end(), signature.algorithm) !=
                       known_algorithms.end();
    if (known) writer.write("header.a", signature.algorithm);
    // RFC 6008 §4. Padding ends what is shorter than eight characters, and no such signature verifies.
    if (is_unpadded_base64(signature.signature_prefix))
        writer.property("header.b", signature.signature_prefix);
}

void write_dkim(ValueWriter& writer, const std::vector<dkim::Signature>& signatures) {
    if (signatures.empty()) writer.result("dkim", "none");
    std::size_t failed = 0;
    for (const dkim::Signature& signature : signatures)
        if (signature.result == dkim::Result::pass || ++failed <= max_failed_signatures)
            write_signature(writer, signature);
}

// RFC 8617 §6, §10.2. Where there was no chain nothing is said. No header.oldest-pass: determining it is
// optional (§5.2 step 5).
void write_arc(ValueWriter& writer, const TransactionIdentity& identity, const arc::Chain& chain) {
    if (chain.result == arc::Result::none) return;
    writer.result("arc", arc::to_string(chain.result));
    writer.reason(chain.reason);
    writer.property("smtp.remote-ip", identity.client_ip.text());
}

// What we did is told where the message did not pass, or where it was not what the record asks for.
std::string note_text(const PolicyNote& note, dmarc::Result result) {
    std::string text;
    const bool told = result != dmarc::Result::pass || !note.override_type.empty();
    if (told && !note.disposition.empty()) text = "disposition " + note.disposition;
    if (!note.override_type.empty()) text += (text.empty() ? "" : ", ") + note.override_type;
    if (!note.override_comment.empty()) text += (text.empty() ? "" : ": ") + note.override_comment;
    return text;
}

// RFC 9989 §9.1: header.from, and policy.dmarc with the policy that the record asks for after all its
// options. What we did instead is local, and a comment.
void write_dmarc(ValueWriter& writer, const Evidence& evidence, const PolicyNote& note) {
    const dmarc::Evaluation& dmarc = evidence.dmarc;
    writer.result("dmarc", dmarc::to_string(dmarc.result));
    writer.comment(note_text(note, dmarc.result));
    if (dmarc.result != dmarc::Result::pass) writer.reason(dmarc.reason);
    writer.domain("header.from", dmarc.author_domain ? dmarc.author_domain : evidence.author.domain);
    if (dmarc.record && !dmarc.policy_tag.empty())
        writer.property("policy.dmarc", dmarc::to_string(dmarc.applied_policy));
}

// RFC 8601 §2.7.3: there is no "none" for iprev; a check that did not run is not told.
void write_iprev(ValueWriter& writer, const TransactionIdentity& identity, const iprev::Check& check) {
    if (check.result == iprev::Result::none) return;
    writer.result("iprev", iprev::to_string(check.result));
    if (check.result != iprev::Result::pass) writer.reason(check.reason);
    writer.property("policy.iprev", identity.client_ip.text());
}

}  // namespace

std::string authentication_results_value(std::string_view authserv_id, const TransactionIdentity& identity,
                                         const Evidence& evidence, const PolicyNote& note) {
    ValueWriter writer(authserv_id);
    write_spf(writer, identity, evidence);
    write_dkim(writer, evidence.dkim);
    write_arc(writer, identity, evidence.arc);
    write_dmarc(writer, evidence, note);
    write_iprev(writer, identity, evidence.iprev);
    return writer.take();
}

std::string authentication_results_field(std::string_view value) {
    return folded_field("Authentication-Results", value);
}

}  // namespace gatepost::auth::results
