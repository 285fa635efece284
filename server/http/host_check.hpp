// Whether a request names a host that a web page of a stranger cannot take (DNS rebinding: the page is loaded
// from a name of the stranger's, that name then resolves to 127.0.0.1, and the browser lets the page read
// what it finds there, as it is the page's own origin).
#pragma once

#include <string_view>

namespace gatepost::server::http {

// `authority`: the Host field's value or that of an absolute-form target, host with an optional port
// (RFC 9110 §4.2.1, §7.2). True for an address, which no DNS answer can turn into another; for localhost and
// names below it, which are loopback always (RFC 6761 §6.3); for `hostname`, our own.
bool is_own_host(std::string_view authority, std::string_view hostname);

}  // namespace gatepost::server::http
