// In whose name somebody waits for what is short, or holds it.
#pragma once

#include "dns/ip_address.hpp"

namespace gatepost::dns {

struct Claim {
    IpAddress client;
    bool is_named = false;  // one of our own machines, or exempted by its address or certificate
};

}  // namespace gatepost::dns
