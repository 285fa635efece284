// The forward-confirmed name of a client: RFC 8601 §3 (iprev).
#pragma once

#include "auth/reason.hpp"

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string_view>

namespace gatepost::auth::iprev {

enum class Result { none, pass, fail, temperror, permerror };  // none: not checked

std::string_view to_string(Result result);

struct Check {
    Result result = Result::none;
    // A completed answer of the DNS shows that the client has no forward-confirmed name.
    bool has_no_name() const { return result == Result::fail || result == Result::permerror; }
    std::optional<dns::DomainName> name;  // set exactly where the result is pass
    Reason reason;                        // why it is no pass, or why nobody asked
};

// Looks up the PTR names of `client` (the first 10 at most) and keeps the first whose addresses hold
// `client`. No PTR record at all: permerror. None that leads back: fail. Trouble, where no name was
// confirmed: temperror.
boost::asio::awaitable<Check> check_iprev(dns::IpAddress client, dns::Resolver& resolver);

}  // namespace gatepost::auth::iprev
