#include "auth/results/received_spf.hpp"

#include "auth/mail_address.hpp"
#include "auth/results/field_text.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth::results {
namespace {

using spf::Result;

bool is_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(), ascii::is_8bit);
}

// What the result says, for people: of which domain, about which client (RFC 7208 §9.1, §2.6).
std::string explain(const spf::Check& check, const std::string& client) {
    const bool named = check.domain && check.domain->is_host_name(true);
    const std::string domain = named ? check.domain->text() : "the sender's domain";
    switch (check.result) {
        case Result::pass:
            return domain + " permits " + client;
        case Result::fail:
            return domain + " does not permit " + client;
        case Result::softfail:
            return domain + " most likely does not permit " + client;
        case Result::neutral:
            return domain + " says nothing of " + client;
        case Result::none:
            if (!check.domain) return "no domain to ask about " + client;
            return domain + " publishes no policy for " + client;
        case Result::temperror:
            return "the policy of " + domain + " could not be had for " + client;
        case Result::permerror:
            return "the policy of " + domain + " cannot be evaluated for " + client;
    }
    return {};
}

bool consists_of(std::string_view text, std::string_view others) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return ascii::is_alnum(c) || others.find(c) != std::string_view::npos;
    });
}

// RFC 7208 §9.1 writes the mechanism, not the directive: without its qualifier (§4.6.1). Its domain-spec may
// hold any printable character: where it has others than names, addresses and common macros have, the
// mechanism's name alone.
std::string_view mechanism_of(std::string_view directive) {
    const bool qualified = std::string_view("+-?~").find(directive.front()) != std::string_view::npos;
    const std::string_view mechanism = qualified ? directive.substr(1) : directive;
    if (consists_of(mechanism, ".:/-_%{}")) return mechanism;
    const auto* const end = std::find_if_not(mechanism.begin(), mechanism.end(), ascii::is_alnum);
    return mechanism.substr(0, static_cast<std::size_t>(end - mechanism.begin()));
}

// A host name or an address literal, as a client may call itself (RFC 5321 §4.1.1.1); empty: neither. RFC
// 8616 §4: in A-labels, in internationalized mail as well.
std::string_view told_helo(std::string_view helo) {
    return consists_of(helo, "-._[]:") ? helo : std::string_view();
}

// A reverse-path that no reader can take for anything else; empty: it is not told, the comment names its
// domain.
std::string_view told_mailbox(std::string_view mailbox) {
    const auto at = mailbox.rfind('@');
    if (at == std::string_view::npos || !is_plain_local_part(mailbox.substr(0, at))) return {};
    const std::string_view domain = mailbox.substr(at + 1);
    const bool plain = std::all_of(domain.begin(), domain.end(), [](char c) {
        return ascii::is_alnum(c) || ascii::is_8bit(c) ||
               std::string_view("-._[]:").find(c) != std::string_view::npos;
    });
    return plain ? mailbox : std::string_view();
}

class PairWriter {
  public:
    explicit PairWriter(std::string text) : text_(std::move(text)) {}

    void pair(std::string_view key, std::string_view value) {
        if (!is_writable(value)) return;
        text_.append(first_ ? " " : "; ").append(key).append("=");
        text_ += is_ascii(value) && is_dot_atom(value) ? std::string(value) : quote_string(value);
        first_ = false;
    }

    std::string take() { return std::move(text_); }

  private:
    std::string text_;
    bool first_ = true;
};

}  // namespace

std::string received_spf_value(std::string_view receiver, const TransactionIdentity& identity,
                               const spf::Check& check) {
    const std::string client = identity.client_ip.text();
    const bool about_helo = check.scope == spf::Scope::helo || identity.mail_from.empty();
    const std::string comment = std::string(receiver) + ": " + explain(check, client);
    std::string start(spf::to_string(check.result));
    PairWriter writer(start.append(" (").append(comment_text(comment)).append(")"));
    writer.pair("client-ip", client);
    if (!about_helo) writer.pair("envelope-from", told_mailbox(identity.mail_from));
    writer.pair("helo", told_helo(identity.helo));
    writer.pair("receiver", receiver);
    writer.pair("identity", spf::to_string(about_helo ? spf::Scope::helo : spf::Scope::mailfrom));
    const bool erred = check.result == Result::temperror || check.result == Result::permerror;
    if (erred)
        writer.pair("problem", check.reason.words());
    else if (!check.mechanism.empty())
        writer.pair("mechanism", mechanism_of(check.mechanism));
    else if (check.result != Result::none)
        writer.pair("mechanism", "default");  // RFC 7208 §9.1: no mechanism matched
    return writer.take();
}

std::string received_spf_field(std::string_view value) {
    return folded_field("Received-SPF", value);
}

}  // namespace gatepost::auth::results
