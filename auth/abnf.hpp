// Small pieces of grammar that several mechanisms share.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth {

// The items of a list with colons between them, white space around each cut off (RFC 6376 §3.5: h=, q=, and
// the lists of key records). A text without a colon is one item; more than `max_items` give an empty list.
std::vector<std::string_view> split_colon_list(
    std::string_view text, std::size_t max_items = std::numeric_limits<std::size_t>::max());

// RFC 6376 §2.11, RFC 8616 §5: "=" and two hex digits are one octet, white space is ignored, octets above 127
// are taken as they are. nullopt: a "=" without two hex digits.
std::optional<std::string> decode_dkim_quoted_printable(std::string_view text);

}  // namespace gatepost::auth
