#include "server/cli/account.hpp"
#include "server/smtp/reply.hpp"

#include "auth/utf8.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace gatepost::server::cli {
namespace {

namespace json = boost::json;

// JSON is UTF-8 (RFC 8259 §8.1); what stands in a message or a zone need not be.
std::string as_utf8(std::string_view text) {
    if (auth::is_utf8(text)) return std::string(text);
    std::string out;
    while (!text.empty()) {
        std::size_t length = std::min<std::size_t>(4, text.size());
        while (length > 0 && !(auth::is_utf8(text.substr(0, length))))
            --length;
        if (length == 0)
            out += "\xef\xbf\xbd";  // U+FFFD
        else
            out += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(1, length));
    }
    return out;
}

json::value text_or_null(std::string_view text) {
    return text.empty() ? json::value() : json::value(as_utf8(text));
}

json::value name_or_null(const std::optional<dns::DomainName>& name) {
    return name ? json::value(as_utf8(name->text())) : json::value();
}

// Trouble of the DNS leaves alignment open: neither true nor false.
json::value aligned(auth::dmarc::Alignment alignment) {
    if (alignment == auth::dmarc::Alignment::unknown) return json::value();
    return alignment == auth::dmarc::Alignment::yes;
}

json::object spf_object(const auth::spf::Check& check) {
    json::object object;
    object["result"] = check.evaluated ? json::value(to_string(check.result)) : json::value();
    object["scope"] = to_string(check.scope);
    object["domain"] = name_or_null(check.domain);
    object["mechanism"] = text_or_null(check.mechanism);
    object["explanation"] = text_or_null(check.explanation);
    object["reason"] = text_or_null(check.reason.text());
    return object;
}

json::object iprev_object(const auth::iprev::Check& check) {
    json::object object;
    const bool evaluated = check.result != auth::iprev::Result::none;
    object["result"] = evaluated ? json::value(to_string(check.result)) : json::value();
    object["name"] = name_or_null(check.name);
    object["reason"] = text_or_null(check.reason.words());  // as in the header
    return object;
}

json::array dkim_array(const std::vector<auth::dkim::Signature>& signatures) {
    json::array array;
    for (const auto& signature : signatures) {
        json::object object;
        object["result"] = to_string(signature.result);
        object["domain"] = name_or_null(signature.domain);
        object["selector"] = text_or_null(signature.selector);
        object["identity"] = text_or_null(signature.identity);
        object["algorithm"] = text_or_null(signature.algorithm);
        object["key_bits"] = signature.key_bits;
        object["signature_prefix"] = text_or_null(signature.signature_prefix);
        object["reason"] = text_or_null(signature.reason.text());
        array.push_back(std::move(object));
    }
    return array;
}

json::object arc_object(const auth::arc::Chain& chain, bool trusted) {
    json::object object;
    object["result"] = to_string(chain.result);
    object["instance"] = chain.instance;
    object["reason"] = text_or_null(chain.reason.text());
    object["trusted"] = trusted;
    json::array sealers;
    for (const auto& sealer : chain.sealers) {
        json::object entry;
        entry["instance"] = sealer.instance;
        entry["domain"] = name_or_null(sealer.domain);
        entry["selector"] = text_or_null(sealer.selector);
        sealers.push_back(std::move(entry));
    }
    object["chain"] = std::move(sealers);
    return object;
}

json::object dmarc_object(const auth::dmarc::Evaluation& dmarc) {
    json::object object;
    object["result"] = to_string(dmarc.result);
    object["record_domain"] = name_or_null(dmarc.record_domain);
    object["organizational_domain"] = name_or_null(dmarc.organizational_domain);
    object["discovery"] = to_string(dmarc.discovery);
    object["record"] = text_or_null(dmarc.record ? dmarc.record->text : "");
    object["policy"] = text_or_null(dmarc.record ? to_string(dmarc.policy) : "");
    object["spf_aligned"] = aligned(dmarc.spf_aligned);
    object["dkim_aligned"] = aligned(dmarc.dkim_aligned);
    object["testing"] = dmarc.record && dmarc.record->testing;
    object["reason"] = text_or_null(dmarc.reason.words());  // as in the header
    return object;
}

json::object decision_object(const policy::Decision& decision) {
    json::object object;
    object["action"] = to_string(decision.action);
    object["disposition"] = to_string(decision.disposition);
    object["rule"] = text_or_null(decision.rule);
    json::array facts;
    for (const auto fact : decision.facts)
        facts.emplace_back(to_string(fact));
    object["facts"] = std::move(facts);
    object["override"] = nullptr;
    if (decision.override_reason) {
        json::object reason;
        reason["type"] = as_utf8(decision.override_reason->type);
        reason["comment"] = as_utf8(decision.override_reason->comment);
        object["override"] = std::move(reason);
    }
    object["reply"] = text_or_null(decision.refusal ? reply_line(*decision.refusal) : "");
    return object;
}

// Nothing was evaluated.
void leave_open(json::object& account) {
    for (const char* method : {"iprev", "spf", "spf_helo", "arc", "dmarc"}) {
        json::object& object = account[method].as_object();
        object["result"] = nullptr;
        object["reason"] = "refused before it was judged";
    }
    account["authentication_results"] = nullptr;
}

json::array recipients_array(const std::vector<RecipientAnswer>& recipients) {
    json::array array;
    for (const RecipientAnswer& recipient : recipients) {
        json::object object;
        object["address"] = as_utf8(recipient.address);
        object["reply"] = text_or_null(recipient.reply);
        array.push_back(std::move(object));
    }
    return array;
}

}  // namespace

std::string reply_line(const policy::Refusal& refusal) {
    const smtp::Reply reply(refusal.code, refusal.enhanced_code, refusal.text);
    const std::string enhanced = reply.enhanced_code() ? reply.enhanced_code()->text() + " " : "";
    return std::to_string(reply.code()) + " " + enhanced + reply.text();
}

std::string spf_json(const auth::spf::Check& check) {
    return json::serialize(spf_object(check));
}

std::string account_json(const Account& account) {
    const auto& evidence = account.evidence;
    json::object object;
    object["authserv_id"] = as_utf8(account.authserv_id);
    object["author_domain"] = name_or_null(evidence.author.domain);
    object["iprev"] = iprev_object(evidence.iprev);
    object["spf"] = spf_object(evidence.spf);
    object["spf_helo"] = spf_object(evidence.spf_helo);
    object["dkim"] = dkim_array(evidence.dkim);
    object["arc"] = arc_object(evidence.arc, account.arc_trusted);
    object["dmarc"] = dmarc_object(evidence.dmarc);
    object["decision"] = decision_object(account.decision);
    object["authentication_results"] = as_utf8(account.authentication_results);
    if (!account.judged) leave_open(object);
    if (!account.recipients.empty()) object["recipients"] = recipients_array(account.recipients);
    return json::serialize(object);
}

}  // namespace gatepost::server::cli
