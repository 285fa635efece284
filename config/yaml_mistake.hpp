// What YAML's rules were broken by, in an operator's words: yaml-cpp says "end of map not found" where
// somebody typed a tab. Pure: from the text and the place at which the parser gave up.
#pragma once

#include "config/problem.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::config {

struct YamlMistake {
    Position where;
    std::string text;  // with the remedy
};

// At least one: where the cause is not recognised, `reported` at `where`.
std::vector<YamlMistake> explain_yaml_error(std::string_view yaml, Position where,
                                            const std::string& reported);

}  // namespace gatepost::config
