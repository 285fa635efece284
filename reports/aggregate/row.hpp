// One evaluated message as an aggregate report counts it (RFC 9990 §3.1): what it came from, what was
// published, what was found, what was done and why. Written once, when the final reply is known.
#pragma once

#include "auth/dkim/result.hpp"
#include "auth/dmarc/result.hpp"
#include "auth/spf/result.hpp"

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::reports::aggregate {

struct DkimResult {
    std::string domain;
    std::string selector;
    auth::dkim::Result result = auth::dkim::Result::none;
    std::string human_result;
    friend bool operator==(const DkimResult&, const DkimResult&) = default;
};

struct SpfResult {
    std::string domain;
    auth::spf::Result result = auth::spf::Result::none;
    std::string human_result;
    friend bool operator==(const SpfResult&, const SpfResult&) = default;
};

struct OverrideReason {
    std::string type;  // local_policy, policy_test_mode, trusted_forwarder, mailing_list, other
    std::string comment;
    friend bool operator==(const OverrideReason&, const OverrideReason&) = default;
};

struct Row {
    std::chrono::system_clock::time_point received;
    dns::DomainName policy_domain;  // where the record was found
    auth::dmarc::Record policy;     // as published
    auth::dmarc::Discovery discovery = auth::dmarc::Discovery::treewalk;
    dns::IpAddress source_ip;
    std::string disposition;  // none, pass, quarantine, reject
    bool dkim_aligned = false;
    bool spf_aligned = false;
    std::optional<OverrideReason> reason;
    dns::DomainName header_from;
    std::string envelope_from;             // the domain of MAIL FROM; empty for the null reverse-path
    std::vector<std::string> envelope_to;  // domains of the recipients, each once
    std::vector<DkimResult> dkim;          // at most 100, those that align first (RFC 9990 §3.1.3)
    std::optional<SpfResult> spf;          // MAIL FROM
};

}  // namespace gatepost::reports::aggregate
