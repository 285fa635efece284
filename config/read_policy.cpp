// The sections that authentication and policy are steered by.
#include "config/address.hpp"
#include "config/sections.hpp"

#include "policy/settings.hpp"

#include "auth/arc/seal.hpp"
#include "auth/authentication_options.hpp"
#include "auth/crypto/signing_key.hpp"
#include "auth/dkim/signature_field.hpp"

#include "dns/idna.hpp"
#include "dns/ip_address.hpp"

#include <memory>
#include <utility>

namespace gatepost::config {
namespace {

constexpr std::size_t max_signatures = 100;   // local: each costs a lookup and a public-key operation
constexpr std::size_t least_rsa_bits = 1024;  // RFC 8301 §3.2: shorter keys must not be accepted
constexpr std::size_t most_rsa_bits = 8192;   // local: longer ones are not seen in the DNS

constexpr unsigned advised_rsa_bits = 2048;  // RFC 8301 §3.2: what signers should use at least

std::optional<std::string> parse_selector(std::string_view text) {
    const auto selector = dns::to_ascii(text);
    if (!selector || selector->is_root() || !selector->is_host_name(true) || text.ends_with('.'))
        return std::nullopt;
    return selector->text();
}

// A key that does not load is told where it stands, and not when the first message is to be sealed.
auth::arc::SealerIdentityPtr read_seal(const Section& seal) {
    if (!seal.present()) return nullptr;
    for (const auto* key : {"domain", "selector", "private_key"})
        seal.require(key);
    dns::DomainName domain;
    std::string selector;
    std::string pem;
    seal.value("domain", domain, auth::dkim::parse_signing_domain, "a domain of at least two labels");
    seal.value("selector", selector, parse_selector, "a selector (RFC 6376 section 3.1)");
    seal.secret("private_key", pem);
    if (domain.is_root() || selector.empty() || pem.empty()) return nullptr;  // a problem already
    if (!domain.prepend(selector + "._domainkey"))
        seal.error("selector", "the name of the key is too long for the DNS");
    auto key = auth::crypto::SigningKey::from_pem(pem);
    if (!key) {
        seal.error("private_key", key.error().reason().text() + seal.file_hint("private_key"));
        return nullptr;
    }
    if (key->type() == auth::crypto::KeyType::rsa && key->bits() < advised_rsa_bits)
        seal.warn("private_key", "an RSA key of " + std::to_string(key->bits()) +
                                     " bits: receivers want at least 2048 (RFC 8301)");
    return std::make_shared<auth::arc::SealerIdentity>(
        auth::arc::SealerIdentity{std::move(domain), std::move(selector), std::move(*key)});
}

}  // namespace

void read_authentication(const Section& authentication, Config& config) {
    const Section spf = authentication.section("spf");
    spf.boolean("enabled", config.authentication.spf_enabled);
    spf.choice<policy::OnSpfFail>("on_fail", config.policy.on_spf_fail,
                                  {{"continue", policy::OnSpfFail::continue_},
                                   {"reject", policy::OnSpfFail::reject},
                                   {"quarantine", policy::OnSpfFail::quarantine}});
    spf.choice<policy::OnSpfTemperror>(
        "on_temperror", config.policy.on_spf_temperror,
        {{"continue", policy::OnSpfTemperror::continue_}, {"defer", policy::OnSpfTemperror::defer}});

    const Section dkim = authentication.section("dkim");
    dkim.number("max_signatures", config.authentication.dkim.max_signatures, 1, max_signatures);
    dkim.number("minimum_rsa_bits", config.authentication.dkim.minimum_rsa_bits, least_rsa_bits,
                most_rsa_bits);

    const Section arc = authentication.section("arc");
    const auto sealers = arc.list("trusted_sealers", config.policy.trusted_sealers,
                                  auth::dkim::parse_signing_domain, "a domain of at least two labels");
    config.authentication.arc_seal = read_seal(arc.section("seal"));
    for (std::size_t i = 0; config.authentication.arc_seal && i < sealers.size(); ++i)
        if (config.policy.trusted_sealers[i] == config.authentication.arc_seal->domain)
            arc.warn_at(
                sealers[i], "trusted_sealers",
                "names the domain of seal: what is handed on in quarantine is sealed, too, and would be "
                "trusted when it comes back");

    const Section dmarc = authentication.section("dmarc");
    dmarc.choice<auth::dmarc::Discovery>(
        "discovery", config.authentication.discovery,
        {{"treewalk", auth::dmarc::Discovery::treewalk}, {"psl", auth::dmarc::Discovery::psl}});
    dmarc.choice<policy::OnTemperror>(
        "on_temperror", config.policy.on_temperror,
        {{"defer", policy::OnTemperror::defer}, {"accept", policy::OnTemperror::accept}});

    authentication.boolean("received_spf", config.authentication.received_spf);
    if (config.authentication.received_spf && !config.authentication.spf_enabled)
        authentication.warn("received_spf", "nothing is written while authentication.spf.enabled is false");
}

void read_policy(const Section& policy, std::chrono::sys_days today, bool has_client_ca,
                 policy::Settings& target) {
    policy.choice<policy::Mode>("mode", target.mode,
                                {{"enforce", policy::Mode::enforce}, {"monitor", policy::Mode::monitor}});
    policy.choice<policy::OnReject>("on_reject", target.on_reject,
                                    {{"corroborate", policy::OnReject::corroborate},
                                     {"reject", policy::OnReject::reject},
                                     {"quarantine", policy::OnReject::quarantine},
                                     {"accept", policy::OnReject::accept}});
    if (policy.has_mapping("on_quarantine"))
        policy.error("on_quarantine", "{relay_to: ADDRESS} is not supported by this version");
    else
        policy.choice<policy::OnQuarantine>("on_quarantine", target.on_quarantine,
                                            {{"tag", policy::OnQuarantine::tag},
                                             {"reject", policy::OnQuarantine::reject},
                                             {"accept", policy::OnQuarantine::accept}},
                                            {"hold"});
    // Written out, it is the operator's word that the downstream acts on the field.
    if (!policy.has("on_quarantine") && target.mode == policy::Mode::enforce)
        policy.warn(
            "on_quarantine",
            "is tag unless given: mail to be quarantined is delivered, with X-Quarantine as its only mark; "
            "let the mail system behind act on that field and write on_quarantine: tag, or choose reject");
    policy.choice<policy::OnInvalidFrom>("on_invalid_from", target.on_invalid_from,
                                         {{"reject", policy::OnInvalidFrom::reject},
                                          {"quarantine", policy::OnInvalidFrom::quarantine},
                                          {"accept", policy::OnInvalidFrom::accept}});
    policy.choice<policy::RoutedLocalParts>(
        "routed_local_parts", target.routed_local_parts,
        {{"refuse", policy::RoutedLocalParts::refuse}, {"accept", policy::RoutedLocalParts::accept}});
    read_networks(policy, "own_networks", "an IP address or network", target.own_networks);
    policy.value("unqualified_domain", target.unqualified_domain, parse_host_name, "a domain name");
    policy.list("enforce", target.enforce, policy::DomainPattern::parse, "a domain, or *. before one");
    read_dnsbl(policy, target);
    read_rate_limits(policy, has_client_ca, target);
    read_exemptions(policy, today, has_client_ca, target);
}

}  // namespace gatepost::config
