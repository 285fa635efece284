// Watches our own resolver with lookups of our own: what /readyz says of the DNS, the brownout's second sign
// (dns/brownout.hpp), and the log lines of its begin and end.
#pragma once

#include "dns/brownout.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace gatepost::server {

class Health;
class Log;

struct DnsWatch {
    dns::DomainName own_domain;
    dns::Resolver& local;    // knows the local records: what they answer is not asked for
    dns::Resolver& network;  // without a cache
    std::shared_ptr<dns::Brownout> brownout;
    Health& health;
    Log& log;
};

// Runs until its executor stops. What `watch` refers to outlives that.
boost::asio::awaitable<void> watch_dns(DnsWatch watch);

}  // namespace gatepost::server
