// A YAML document as values with positions: scalars stay text, repeated keys stay repeated, so that the
// loader can judge types and name every problem at its place. Behind it: yaml-cpp, in this file's .cpp alone.
#pragma once

#include "config/problem.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::config {

struct Entry;

struct Node {
    enum class Kind { null, scalar, sequence, mapping } kind = Kind::null;
    Position position;
    std::string scalar;
    std::vector<Node> items;     // of a sequence
    std::vector<Entry> entries;  // of a mapping, in the order of the file

    bool is_null() const { return kind == Kind::null; }
    bool is_scalar() const { return kind == Kind::scalar; }
    bool is_sequence() const { return kind == Kind::sequence; }
    bool is_mapping() const { return kind == Kind::mapping; }
};

struct Entry {
    std::string key;
    Position position;
    Node value;
};

// Parses one YAML document; aliases are replaced by what they name. nullopt, with the problem told: not YAML,
// several documents, keys that are no text, or more nodes than any configuration has.
std::optional<Node> parse_document(std::string_view yaml, Problems& problems);

}  // namespace gatepost::config
