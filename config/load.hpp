// From the YAML file to the typed Config: either the whole of it, or every problem with its place.
#pragma once

#include "config/config.hpp"
#include "config/places.hpp"
#include "config/problem.hpp"
#include "config/secret.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace gatepost::config {

struct LoadResult {
    std::optional<Config> config;   // set exactly where `problems` is empty
    std::vector<Problem> problems;  // sorted by position
    std::vector<Problem> warnings;  // sorted by position; the server starts in spite of them
    Log log;                        // how to log the problems: as far as it could be read
    Places places;                  // of all values, for problems that only the machine shows
    std::vector<NamedFile> files;   // that the configuration names, as far as they could be read
};

// Reads `file` and the files and environment variables that it names. Relative paths in it are relative to
// the folder that holds it. `today`, in UTC, judges the exemptions' `expires`. Never throws for bad input.
LoadResult load(const std::filesystem::path& file, std::chrono::sys_days today);

// The same for text that is already there; `file` names it in messages and gives the folder.
LoadResult load_text(std::string_view yaml, const std::filesystem::path& file, std::chrono::sys_days today);

}  // namespace gatepost::config
