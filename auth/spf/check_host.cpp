#include "auth/spf/check_host.hpp"

#include "auth/spf/evaluation.hpp"
#include "auth/spf/safe_text.hpp"

#include "dns/ascii.hpp"
#include "dns/idna.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth::spf {
namespace {

constexpr std::size_t max_identity_octets = 1024;  // local: twice the command line of RFC 5321 §4.5.3.1.4
constexpr std::size_t max_reason_octets = 300;     // local: readable, and fits a header line
constexpr std::size_t max_mechanism_octets = 300;  // local: the same

// <sender> and <domain> of RFC 7208 §4.1.
struct Identity {
    std::string local_part = "postmaster";  // RFC 7208 §4.3: where there is none
    std::optional<dns::DomainName> domain;
};

// RFC 7208 §4.3: well-formed, of several labels; an address literal or a bare address is no domain. Anything
// but letters, digits, hyphens and underscores is no host's name, and has no place in a header.
std::optional<dns::DomainName> parse_domain(std::string_view text) {
    if (text.size() > max_identity_octets) return std::nullopt;
    auto domain = dns::DomainName::parse(text);
    if (!domain || domain->label_count() < 2 || dns::IpAddress::parse(domain->text())) return std::nullopt;
    const std::string& name = domain->text();
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
    });
    if (!plain) return std::nullopt;
    return domain;
}

// RFC 7208 §2.3. RFC 8616 §4: a host name in EHLO MUST be A-labels.
Identity helo_identity(std::string_view helo) {
    Identity identity;
    identity.domain = parse_domain(helo);
    return identity;
}

// RFC 7208 §2.4: of the null reverse-path the mailbox postmaster at the HELO identity.
Identity mail_from_identity(const Request& request) {
    if (request.mail_from.empty()) return helo_identity(request.helo);
    Identity identity;
    if (request.mail_from.size() > max_identity_octets) return identity;
    std::string_view domain = request.mail_from;
    if (const auto at = domain.rfind('@'); at != std::string_view::npos) {
        if (at > 0) identity.local_part = domain.substr(0, at);
        domain.remove_prefix(at + 1);
    }
    // RFC 8616 §4: U-labels become A-labels before anything else.
    const auto ascii_domain = dns::to_ascii(domain);
    if (ascii_domain) identity.domain = parse_domain(ascii_domain->text());
    return identity;
}

boost::asio::awaitable<Check> check_host(Request request, Identity identity, Scope scope,
                                         dns::Resolver& resolver, Limits limits) {
    Check check;
    check.scope = scope;
    check.domain = identity.domain;
    if (!identity.domain) {
        check.reason = "the identity is no domain name of several labels";  // RFC 7208 §4.3
        co_return check;
    }
    MacroValues values;
    values.client = request.client_ip;
    values.now = request.now;
    values.local_part = std::move(identity.local_part);
    values.sender_domain = identity.domain->text();
    values.sender = values.local_part + '@' + values.sender_domain;
    values.helo = request.helo.substr(0, max_identity_octets);
    values.receiver = request.receiver.empty() ? "unknown" : std::move(request.receiver);  // RFC 7208 §7.3

    Evaluation evaluation(request.client_ip, std::move(values), resolver, limits);
    co_await evaluation.run(*identity.domain);
    check.result = evaluation.result();
    check.mechanism = safe_text(evaluation.mechanism(), max_mechanism_octets);
    check.explanation = evaluation.explanation();
    if (check.result == Result::none || check.result == Result::temperror ||
        check.result == Result::permerror) {
        check.reason = evaluation.reason();
        check.reason.about(safe_text(check.reason.detail(), max_reason_octets));
    }
    check.lookups = evaluation.lookups();
    check.void_lookups = evaluation.void_lookups();
    co_return check;
}

}  // namespace

boost::asio::awaitable<Check> check_helo(Request request, dns::Resolver& resolver, Limits limits) {
    Identity identity = helo_identity(request.helo);
    co_return co_await check_host(std::move(request), std::move(identity), Scope::helo, resolver, limits);
}

boost::asio::awaitable<Check> check_mail_from(Request request, dns::Resolver& resolver, Limits limits) {
    Identity identity = mail_from_identity(request);
    co_return co_await check_host(std::move(request), std::move(identity), Scope::mailfrom, resolver, limits);
}

}  // namespace gatepost::auth::spf
