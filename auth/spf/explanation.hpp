// The explanation of a fail that its domain publishes with exp= (RFC 7208 §6.2), made safe for an SMTP reply.
#pragma once

#include "auth/spf/macro.hpp"

#include "dns/domain_name.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace gatepost::auth::spf {

// The explain-string published at `target`; nullopt where there is none to use: no or several TXT records,
// DNS trouble, a syntax error.
boost::asio::awaitable<std::optional<MacroString>> fetch_explain_string(dns::DomainName target,
                                                                        dns::Resolver& resolver);

// One line of printable ASCII, bounded.
std::string explain(const MacroString& explain_string, const MacroValues& values);

}  // namespace gatepost::auth::spf
