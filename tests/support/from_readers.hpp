// Six simple ways in which other programs look for the address in a From field. They share nothing with
// auth/, and each is as naive as programs are: what one of them takes for the domain must be the author
// domain, or there must be none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tests {

struct FromReader {
    const char* name;
    // The domains that this reader finds in the field's value, folds undone: in lower case, lookalike dots as
    // dots. A word without a dot is no domain.
    std::vector<std::string> (*domains)(std::string_view value);
};

const std::vector<FromReader>& from_readers();

}  // namespace gatepost::tests
