// What others say of the client of one connection: the block lists are asked as soon as it is known, and
// judged when it names a recipient.
#pragma once

#include "server/runtime.hpp"

#include "policy/facts.hpp"

#include "auth/dnsbl/lookup.hpp"

#include "dns/ip_address.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace gatepost::server {

class ClientStanding {
  public:
    // `services` outlives the connection.
    ClientStanding(Services& services, RuntimePtr runtime, const dns::IpAddress& client,
                   std::string session_id);

    // Everything is known: listing() gives it at once.
    bool is_complete() const { return lookup_.is_complete(); }
    // Waits for the lists, at most for dns.timeout from the connection's begin.
    boost::asio::awaitable<std::optional<policy::Listing>> listing();

  private:
    void switch_off(const auth::dnsbl::List& list, const std::string& reason);

    Services& services_;
    RuntimePtr runtime_;
    std::string session_id_;
    auth::dnsbl::Lookup lookup_;
    bool told_ = false;
};

}  // namespace gatepost::server
