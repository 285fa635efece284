// Conditions of the operator's rules: `when` in the configuration. A condition matches when each of its keys
// does; a key with a list, when one of the list does.
#pragma once

#include "policy/facts.hpp"

#include "auth/evidence.hpp"

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::policy {

// A domain as conditions write it: "example.com", or "*.example.com" for all names below it.
struct DomainPattern {
    dns::DomainName domain;
    bool below_only = false;

    static std::optional<DomainPattern> parse(std::string_view text);
    bool matches(const dns::DomainName& name) const;
    std::string text() const;
    friend bool operator==(const DomainPattern&, const DomainPattern&) = default;
};

// The message that a condition is asked about.
struct Subject {
    const Facts& facts;
    const auth::Evidence& evidence;
    const dns::DomainName* trusted_sealer = nullptr;  // as trusted_sealer() finds it
};

// When what a key asks about is known.
enum class Phase {
    connection,  // who the client is; of its certificate, once STARTTLS is done
    envelope,    // MAIL
    header,      // the end of the header
    verdict,     // the end of data, when all checks are made
};

struct Condition {
    std::vector<dns::IpNetwork> client_ip;
    std::vector<DomainPattern> author_domain;
    std::vector<std::string> mail_from;  // globs over the reverse-path; "" and "<>" mean the null one
    std::vector<std::string> helo;       // globs over the argument of EHLO or HELO
    std::vector<dns::DomainName> arc_sealer;
    std::vector<ClientCertificatePattern> tls_client;

    // It stands on something that the sender of a forgery cannot choose.
    bool is_anchored() const { return !client_ip.empty() || !arc_sealer.empty() || !tls_client.empty(); }
    bool matches(const Subject& subject) const;
    // The same for a message of which no author domain is known: all keys but that one.
    bool matches_apart_from_author(const Subject& subject) const;
    // The same for what is known before the message came: client_ip, tls_client, helo and mail_from.
    bool matches_envelope(const Facts& facts) const;
    // When all of its keys are known; a condition without keys is known from the beginning.
    Phase known_at() const;
    // Whether one of its keys is known by then. Of a condition without such a key nothing can be said yet: it
    // stands open to everybody.
    bool asks_by(Phase phase) const;
    friend bool operator==(const Condition&, const Condition&) = default;
};

// The newest sealer of the chain, where its seal proves this very message (it passes, and leaves nothing open
// that readers are shown: arc::Chain) and it is one of `trusted`; else null. An older sealer vouches for what
// it saw, not for what came here.
const dns::DomainName* trusted_sealer(const auth::arc::Chain& chain,
                                      const std::vector<dns::DomainName>& trusted);

Subject subject_of(const Facts& facts, const auth::Evidence& evidence,
                   const std::vector<dns::DomainName>& trusted_sealers);

bool any_contains(const std::vector<dns::IpNetwork>& networks, const dns::IpAddress& address);
// Whether the client is one of our machines, policy.own_networks. An address that others hide behind is
// nobody's.
bool is_own_client(const Facts& facts, const std::vector<dns::IpNetwork>& own_networks);
bool any_matches(const std::vector<DomainPattern>& patterns, const dns::DomainName& name);

// `*` stands for any run of characters, `?` for one; letters compare without case. At most the product of the
// two lengths in steps.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace gatepost::policy
