// Text of strangers made fit to stand in an XML 1.0 document.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatepost::reports::aggregate {

// local: longer than any domain name, and enough for a human to read.
inline constexpr std::size_t max_text_octets = 1024;

// One line of valid UTF-8 of at most max_text_octets: octets that are no UTF-8 (RFC 3629 §4), control
// characters and non-characters, which XML 1.0 §2.2 forbids, become U+FFFD; tab, CR and LF become a space.
// What is too long is cut between characters. Mark-up is not escaped here: the XML writer does that.
std::string xml_text(std::string_view untrusted);

}  // namespace gatepost::reports::aggregate
