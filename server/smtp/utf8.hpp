// Whether octets are UTF-8 (RFC 3629 §4): no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <string_view>

namespace gatepost::server::smtp {

bool is_utf8(std::string_view text);

}  // namespace gatepost::server::smtp
