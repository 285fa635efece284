// Base64 as DKIM has it (RFC 6376 §2.8 base64string, RFC 4648 §4): white space between the characters is
// ignored, and the padding may be left out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::auth {

// Gives the octets. nullopt: a character outside the alphabet, wrong padding, a length that no octets encode
// to, or more than `max_octets` octets. The empty text gives no octets. Bits behind the last octet may be
// set: the grammar allows it (RFC 4648 §3.5 lets decoders choose), and signatures in the field have them.
std::optional<std::string> base64_decode(std::string_view text, std::size_t max_octets);

// One line, with padding.
std::string base64_encode(std::string_view octets);

}  // namespace gatepost::auth
