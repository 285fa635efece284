// What all workers know of clients and of those who speak about them. Each part is bounded and has its own
// lock.
#pragma once

#include "server/dnsbl_switch.hpp"

namespace gatepost::server {

struct ClientState {
    DnsblSwitch dnsbl;
};

}  // namespace gatepost::server
