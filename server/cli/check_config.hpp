// `gatepost check-config --config FILE`.
#pragma once

#include "config/load.hpp"

#include <chrono>
#include <filesystem>
#include <iosfwd>
#include <optional>

namespace gatepost::server::cli {

struct CheckConfigOptions {
    std::filesystem::path config;
};

// Prints every problem and warning as FILE:LINE:COLUMN: message to `err`. Also loads certificate and key as
// the server would, and looks at the machine (server/machine_checks.hpp). Exit status: 0, warnings or not; 2
// where the server would not start.
int check_config(const CheckConfigOptions& options, std::chrono::sys_days today, std::ostream& out,
                 std::ostream& err);

// For the other commands: the configuration, or nullopt with its problems printed.
std::optional<config::Config> load_config(const std::filesystem::path& file, std::chrono::sys_days today,
                                          std::ostream& err);

}  // namespace gatepost::server::cli
