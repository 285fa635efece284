// What the transaction itself tells, beside the evidence of authentication: who connected and what the
// envelope says.
#pragma once

#include "policy/client_certificate.hpp"

#include "dns/ip_address.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::policy {

// The block lists that have the client; their weights together reach policy.dnsbl_threshold.
struct Listing {
    std::vector<std::string> lists;  // by the names that the configuration gives them
    friend bool operator==(const Listing&, const Listing&) = default;
};

struct Facts {
    dns::IpAddress client_ip;
    bool client_hidden = false;  // client_ip is a gateway's, behind which anybody can be: it says nothing
    std::string helo;
    std::string mail_from;                                // without brackets, empty for <>
    std::chrono::sys_days today;                          // UTC: expiry of exemptions
    bool dns_brownout = false;                            // our own resolver is in trouble
    std::shared_ptr<const ClientCertificate> tls_client;  // null: none, or none that was verified
    std::optional<Listing> listing;
};

}  // namespace gatepost::policy
