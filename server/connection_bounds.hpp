// Within which bounds a connection is let in, by who it is (PRODUCT.md, limits).
//
// Own machines and exempted clients have a reserve, and so have proxies and the hosts that name their clients
// by XCLIENT: strangers never fill what these need. Exempted is whoever an exemption in force names by
// client_ip, whatever it allows and whatever else it asks of the message: mail that may turn out to be
// forgiven must first be heard.
#pragma once

#include "server/connection_limits.hpp"

#include "config/config.hpp"

#include "dns/ip_address.hpp"

namespace gatepost::server {

// `is_hidden`: others hide behind the address, so that it says nothing of its own.
ConnectionLimits::Bounds bounds_of_client(const config::Config& config, const dns::IpAddress& client,
                                          bool is_hidden);
// Until the PROXY header or XCLIENT has come: the connections of such a host are its clients'.
ConnectionLimits::Bounds bounds_of_proxy(const config::Config& config);

}  // namespace gatepost::server
