// What an operator probably meant by a key or a value that has no place where it stands: the end of a
// message, or nothing.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::config {

// For an unknown key of `section` (as in keys.hpp). `before`: the key before it where that has no value.
std::string hint_for_key(std::string_view section, std::string_view key, std::string_view before);

// For a single value where the mapping of `section` is needed.
std::string hint_for_scalar(std::string_view section, std::string_view scalar);

}  // namespace gatepost::config
