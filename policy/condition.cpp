#include "policy/condition.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>

namespace gatepost::policy {

std::optional<DomainPattern> DomainPattern::parse(std::string_view text) {
    const bool below_only = text.starts_with("*.");
    if (below_only) text.remove_prefix(2);
    auto domain = dns::DomainName::parse(text);
    if (!domain || !domain->is_host_name(true)) return std::nullopt;
    return DomainPattern{std::move(*domain), below_only};
}

bool DomainPattern::matches(const dns::DomainName& name) const {
    if (!below_only) return name == domain;
    return name != domain && name.is_at_or_below(domain);
}

std::string DomainPattern::text() const {
    return (below_only ? "*." : "") + domain.text();
}

bool any_contains(const std::vector<dns::IpNetwork>& networks, const dns::IpAddress& address) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const dns::IpNetwork& network) { return network.contains(address); });
}

bool is_own_client(const Facts& facts, const std::vector<dns::IpNetwork>& own_networks) {
    return !facts.client_hidden && any_contains(own_networks, facts.client_ip);
}

bool any_matches(const std::vector<DomainPattern>& patterns, const dns::DomainName& name) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const DomainPattern& pattern) { return pattern.matches(name); });
}

bool glob_matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;  // the last star met, and where its run ends as tried so far
    std::size_t run_end = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            run_end = t;
        } else if (p < pattern.size() &&
                   (pattern[p] == '?' || ascii::to_lower(pattern[p]) == ascii::to_lower(text[t]))) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++run_end;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

const dns::DomainName* trusted_sealer(const auth::arc::Chain& chain,
                                      const std::vector<dns::DomainName>& trusted) {
    if (!chain.proves_message() || chain.sealers.empty()) return nullptr;
    const std::optional<dns::DomainName>& newest = chain.sealers.back().domain;
    if (!newest || std::find(trusted.begin(), trusted.end(), *newest) == trusted.end()) return nullptr;
    return &*newest;
}

Subject subject_of(const Facts& facts, const auth::Evidence& evidence,
                   const std::vector<dns::DomainName>& trusted_sealers) {
    return {facts, evidence, trusted_sealer(evidence.arc, trusted_sealers)};
}

namespace {

struct Key {
    Phase phase;
    bool (*is_given)(const Condition& condition);
};

constexpr std::array keys = {
    Key{Phase::connection,
        [](const Condition& when) {
            return !when.client_ip.empty();
        }},
    Key{Phase::connection,
        [](const Condition& when) {
            return !when.tls_client.empty();
        }},
    Key{Phase::envelope,
        [](const Condition& when) {
            return !when.helo.empty();
        }},
    Key{Phase::envelope,
        [](const Condition& when) {
            return !when.mail_from.empty();
        }},
    Key{Phase::header,
        [](const Condition& when) {
            return !when.author_domain.empty();
        }},
    Key{Phase::verdict,
        [](const Condition& when) {
            return !when.arc_sealer.empty();
        }},
};

}  // namespace

Phase Condition::known_at() const {
    Phase latest = Phase::connection;
    for (const Key& key : keys)
        if (key.is_given(*this)) latest = std::max(latest, key.phase);
    return latest;
}

bool Condition::asks_by(Phase phase) const {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const Key& key) { return key.phase <= phase && key.is_given(*this); });
}

bool Condition::matches_envelope(const Facts& facts) const {
    if (!client_ip.empty() && (facts.client_hidden || !any_contains(client_ip, facts.client_ip)))
        return false;
    const bool certified =
        facts.tls_client && std::any_of(tls_client.begin(), tls_client.end(), [&](const auto& pattern) {
            return pattern.matches(*facts.tls_client);
        });
    if (!tls_client.empty() && !certified) return false;
    const bool helo_matches = std::any_of(
        helo.begin(), helo.end(), [&](const std::string& glob) { return glob_matches(glob, facts.helo); });
    if (!helo.empty() && !helo_matches) return false;
    if (mail_from.empty()) return true;
    return std::any_of(mail_from.begin(), mail_from.end(), [&](const std::string& glob) {
        return facts.mail_from.empty() ? glob.empty() || glob == "<>" : glob_matches(glob, facts.mail_from);
    });
}

bool Condition::matches_apart_from_author(const Subject& subject) const {
    const dns::DomainName* sealer = subject.trusted_sealer;
    const bool sealed =
        sealer != nullptr && std::find(arc_sealer.begin(), arc_sealer.end(), *sealer) != arc_sealer.end();
    return (arc_sealer.empty() || sealed) && matches_envelope(subject.facts);
}

bool Condition::matches(const Subject& subject) const {
    if (!matches_apart_from_author(subject)) return false;
    const auth::Author& author = subject.evidence.author;
    return author_domain.empty() || (author.domain && any_matches(author_domain, *author.domain));
}

}  // namespace gatepost::policy
