// A connection as its listener hands it to a worker: accepted, and counted among the connections of its peer.
#pragma once

#include "config/config.hpp"

#include "dns/ip_address.hpp"

namespace gatepost::server {

struct Accepted {
    int socket = -1;
    bool v6 = false;
    dns::IpAddress peer;  // of the socket: the client, or the proxy before it
    config::ListenerTls tls = config::ListenerTls::starttls;
    bool proxied = false;  // a PROXY header must come first, and says who the client is
};

}  // namespace gatepost::server
