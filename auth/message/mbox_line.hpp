// The line that mbox tools leave on top of a message: `From alice@a.example Mon Sep  1 10:00:00 2025` (RFC
// 4155 appendix A). It is no field of the message.
#pragma once

#include <cstddef>
#include <string_view>

namespace gatepost::auth {

// The length of such a line at the start of `octets`, its CRLF included; 0 where there is none. It is `From `
// or
// `>From `, a sender without a colon (but in an IPv6 address literal), a day of the week and what belongs to
// a date, a time among it. So `From : a@b` stays a field (RFC 5322 §4.5.2, obs-from), and a sentence that
// begins with From stays what it is.
std::size_t mbox_line_length(std::string_view octets);

}  // namespace gatepost::auth
