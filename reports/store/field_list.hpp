// Lists of texts as one text, in netstrings ("3:abc,"): the same list always gives the same text, which an
// equality of rows needs, and no octet that a sender chose can be taken for structure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::reports::store {

void append_field(std::string& text, std::string_view field);
std::string write_fields(const std::vector<std::string>& fields);
// nullopt: not what those write.
std::optional<std::vector<std::string>> read_fields(std::string_view text);

}  // namespace gatepost::reports::store
