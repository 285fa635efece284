// `when` of exemptions and limits.
#include "config/sections.hpp"

#include "policy/condition.hpp"

#include "auth/dkim/signature_field.hpp"

#include "dns/ascii.hpp"
#include "dns/ip_address.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::config {
namespace {

constexpr unsigned internet_prefix_v4 = 8;   // local: wider than any one organisation's network
constexpr unsigned internet_prefix_v6 = 19;  // local: the largest blocks handed to one organisation

const dns::IpNetwork local_v6 = *dns::IpNetwork::parse("fc00::/7");  // RFC 4193 §3.1: not of the Internet

bool spans_internet(const dns::IpNetwork& network) {
    return network.prefix() < (network.address().is_v4() ? internet_prefix_v4 : internet_prefix_v6);
}

std::optional<std::string> parse_mail_from(std::string_view text) {
    const bool null_path = text.empty() || text == "<>";
    const bool visible = std::all_of(text.begin(), text.end(), [](char c) {
        return (ascii::is_visible(c) || ascii::is_8bit(c)) && c != '<' && c != '>';
    });
    return null_path || visible ? std::optional<std::string>(text) : std::nullopt;
}

std::optional<std::string> parse_helo(std::string_view text) {
    const bool visible =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return ascii::is_visible(c); });
    return visible ? std::optional<std::string>(text) : std::nullopt;
}

}  // namespace

void read_networks(const Section& section, std::string_view key, std::string_view expected,
                   std::vector<dns::IpNetwork>& target) {
    const auto places = section.list(key, target, dns::IpNetwork::parse, expected);
    for (std::size_t i = 0; i < places.size(); ++i)
        if (spans_internet(target[i]) && !local_v6.contains(target[i].address()))
            section.warn_at(places[i], key, target[i].text() + " spans the Internet");
}

void read_condition(const Section& when, policy::Condition& target) {
    // An empty list could be read as "nothing" or as "anything".
    for (const auto* key : {"client_ip", "author_domain", "mail_from", "helo", "arc_sealer", "tls_client"})
        if (when.has_empty(key)) when.error(key, "at least one value is needed");
    const auto places =
        when.list("client_ip", target.client_ip, dns::IpNetwork::parse, "an IP address or network", true);
    for (std::size_t i = 0; i < places.size(); ++i)
        if (spans_internet(target.client_ip[i]))
            when.warn_at(places[i], "client_ip", target.client_ip[i].text() + " spans the Internet");
    when.list("author_domain", target.author_domain, policy::DomainPattern::parse,
              "a domain, or *. before one", true);
    when.list("mail_from", target.mail_from, parse_mail_from, "a reverse-path, with * and ? as wildcards",
              true);
    when.list("arc_sealer", target.arc_sealer, auth::dkim::parse_signing_domain,
              "a domain of at least two labels", true);
    when.list(
        "tls_client", target.tls_client, policy::ClientCertificatePattern::parse,
        "a subject (like CN=host,O=Example), DNS:NAME, email:ADDRESS, URI:TEXT or a SHA-256 fingerprint",
        true);
    when.list("helo", target.helo, parse_helo, "a name, with * and ? as wildcards", true);
}

}  // namespace gatepost::config
