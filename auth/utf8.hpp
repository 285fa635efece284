// UTF-8 as RFC 3629 §4 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. RFC 6532 lets
// such text into header fields; anything else has no meaning that two readers would share.
#pragma once

#include <string_view>

namespace gatepost::auth {

// True where all of `text` is well-formed UTF-8; ASCII, control characters included, is.
bool is_utf8(std::string_view text);

}  // namespace gatepost::auth
