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

// RFC 7208 §9.1 writes the mechanism, not the directive: without its qualifier (§4.6.1).
std::string_view mechanism_of(std::string_view directive) {
    const bool qualified = std::string_view("+-?~").find(directive.front()) != std::string_view::npos;
    return qualified ? directive.substr(1) : directive;
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
    if (!about_helo) writer.pair("envelope-from", identity.mail_from);
    // RFC 8616 §4: a host name in EHLO is written in A-labels, in internationalized mail as well.
    if (is_ascii(identity.helo)) writer.pair("helo", identity.helo);
    writer.pair("receiver", receiver);
    writer.pair("identity", spf::to_string(about_helo ? spf::Scope::helo : spf::Scope::mailfrom));
    const bool erred = check.result == Result::temperror || check.result == Result::permerror;
    if (erred)
        writer.pair("problem", printable(check.reason));
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
