// The configuration file as a snapshot to serve with, at start and at each reload.
#pragma once

#include "server/runtime.hpp"

#include "config/config.hpp"
#include "config/places.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server {

struct Loaded {
    RuntimePtr runtime;                 // null: see problems
    std::vector<std::string> problems;  // FILE:LINE:COLUMN: message
    std::vector<std::string> warnings;
    config::Log log;                // how to log the problems of a configuration that cannot be used
    std::vector<std::string> kept;  // settings that changed and wait for a restart, as keep_settings() tells
    config::Places places;          // of the values, for what is found later
};

// `today`, in UTC, judges the expiry of exemptions. `in_force`: the configuration that a reload replaces,
// null at start. `ticket_keys`: as for make_runtime().
Loaded load_runtime(const std::filesystem::path& file, std::chrono::sys_days today,
                    const config::Config* in_force, std::shared_ptr<TicketKeys> ticket_keys = nullptr);

// Of a message that begins with its key ("tls.private_key: …").
config::Problem at_first_word(const std::filesystem::path& file, const config::Places& places,
                              const std::string& message);

// "FILE:LINE:COLUMN: message" of what is found later about the value at `key`.
std::string at_key(const std::filesystem::path& file, const config::Places& places, std::string_view key,
                   const std::string& message);

// Whether a listener cannot serve without a certificate.
bool needs_certificate(const config::Config& config);

}  // namespace gatepost::server
