#include "config/hints.hpp"

#include "config/keys.hpp"
#include "config/problem.hpp"

#include <algorithm>
#include <cstddef>

namespace gatepost::config {
namespace {

bool knows(const SectionKeys& section, std::string_view key) {
    return std::find(section.keys.begin(), section.keys.end(), key) != section.keys.end() ||
           std::find(section.not_yet.begin(), section.not_yet.end(), key) != section.not_yet.end();
}

std::string below(std::string_view section, std::string_view key) {
    return section.empty() ? std::string(key) : std::string(section) + '.' + std::string(key);
}

// `mode:monitor`, `mode monitor`: what lacks behind the key that a text begins with; or nothing.
std::string missing_sign(const SectionKeys& section, std::string_view text) {
    const std::size_t end = std::min(text.find_first_of(": "), text.size());
    if (end == text.size() || !knows(section, text.substr(0, end))) return {};
    const std::string key(text.substr(0, end));
    return text[end] == ':' ? "; write a blank behind \"" + key + ":\""
                            : "; write a \":\" behind \"" + key + '"';
}

}  // namespace

std::string hint_for_key(std::string_view section, std::string_view key, std::string_view before) {
    const SectionKeys* const here = find_section(section);
    if (key.starts_with('-')) return "; write a blank behind the \"-\"";
    const SectionKeys* const inner = before.empty() ? nullptr : find_section(below(section, before));
    if (inner != nullptr && knows(*inner, key)) return "; indent it, if it belongs to " + in_quotes(before);
    if (std::string missing = missing_sign(*here, key); !missing.empty()) return missing;
    if (knows(*find_section(""), key)) return "; it belongs to no section: write it without indentation";
    auto candidates = here->keys;
    candidates.insert(candidates.end(), here->not_yet.begin(), here->not_yet.end());
    if (const auto guess = nearest(key, candidates)) return "; did you mean \"" + std::string(*guess) + "\"?";
    const SectionKeys* only = nullptr;  // the one section that has such a key
    for (const SectionKeys& other : all_sections()) {
        if (!knows(other, key)) continue;
        if (only != nullptr) return {};
        only = &other;
    }
    return only == nullptr ? "" : "; it belongs to " + in_quotes(only->section);
}

std::string hint_for_scalar(std::string_view section, std::string_view scalar) {
    return missing_sign(*find_section(section), scalar);
}

}  // namespace gatepost::config
