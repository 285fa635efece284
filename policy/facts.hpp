// What the transaction itself tells, beside the evidence of authentication: who connected and what the
// envelope says.
#pragma once

#include "dns/ip_address.hpp"

#include <chrono>
#include <string>

namespace gatepost::policy {

struct Facts {
    dns::IpAddress client_ip;
    std::string helo;
    std::string mail_from;        // without brackets, empty for <>
    std::chrono::sys_days today;  // UTC: expiry of exemptions
};

}  // namespace gatepost::policy
