// The keys of the configuration, section by section: those that this version reads, and those that the
// product documents but this version does not have yet. A key of the second kind is refused, never ignored:
// its operator would believe in a protection that is not there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::config {

struct SectionKeys {
    std::string_view section;  // "" is the top, "policy.exemptions[]" an item of that list
    std::vector<std::string_view> keys;
    std::vector<std::string_view> not_yet;
};

const std::vector<SectionKeys>& all_sections();

// Null where there is no such section.
const SectionKeys* find_section(std::string_view section);

// The word of `candidates` that a typing error most likely meant; nullopt where none is near.
std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& candidates);

}  // namespace gatepost::config
