// Exemptions: the operator's written exceptions for mail that must not be lost to a check it cannot pass.
// Each is a small contract with an owner, a reason and an end.
#pragma once

#include "policy/condition.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gatepost::policy {

enum class Forgiven {
    dmarc,
    spf,
    missing_from_domain,
    bare_newline,
    dnsbl,
    rate_limit,
    early_talker,
    bare_path,    // MAIL and RCPT without angle brackets
    unqualified,  // and without a domain
};

struct Exemption {
    std::string id;
    std::string owner;
    std::string reason;
    std::optional<std::chrono::year_month_day> expires;  // the last day on which it has effect, in UTC
    Condition when;
    std::set<Forgiven> allow;
    std::string override_type = "local_policy";  // RFC 9990 §3.1.1.14: the reason that aggregate reports give
    bool forgeable = false;                      // the operator accepts that forgeries match

    bool has_expired(std::chrono::sys_days today) const;
};

// The first exemption in order that forgives `what` for this message, or null.
//
// A message without any author domain cannot match `author_domain`; but an exemption that allows
// missing_from_domain was written for exactly such mail (`From: root (Cron Daemon)`), so for it that key is
// met by a From field without a domain. A From that names other domains as well never meets it.
const Exemption* find_exemption(const std::vector<Exemption>& exemptions, Forgiven what,
                                const Subject& subject);

// Before the message is there: some exemption forgives `what` if the message turns out to meet its condition.
bool may_be_exempted(const std::vector<Exemption>& exemptions, Forgiven what, const Facts& facts);

// The same where nothing can be taken back later, as of recipients: what is known so far must speak for this
// client. One that stands on what comes later alone (arc_sealer) would speak for everybody.
bool is_exempted_so_far(const std::vector<Exemption>& exemptions, Forgiven what, const Facts& facts);

// The first exemption that forgives `what` whatever else comes: its condition asks for nothing but the
// envelope, or for nothing but the client's address. Null: none.
const Exemption* find_envelope_exemption(const std::vector<Exemption>& exemptions, Forgiven what,
                                         const Facts& facts);
const Exemption* find_client_exemption(const std::vector<Exemption>& exemptions, Forgiven what,
                                       const Facts& facts);

// Whether the operator named this client: policy.own_networks, or an exemption in force by client_ip or
// tls_client, as far as the envelope tells. Nobody else can make himself one. Bounds that keep strangers from
// each other's share do not apply to it, and something is kept back for it.
bool is_named_client(const std::vector<Exemption>& exemptions,
                     const std::vector<dns::IpNetwork>& own_networks, const Facts& facts);

}  // namespace gatepost::policy
