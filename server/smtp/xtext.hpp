// xtext (RFC 3461 §4): any octets as visible ASCII, in the values of ESMTP parameters.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

// nullopt: a '+' without two upper-case hexadecimal digits, '=', or an octet that is not visible ASCII.
std::optional<std::string> decode_xtext(std::string_view text);
std::string encode_xtext(std::string_view octets);

}  // namespace gatepost::server::smtp
