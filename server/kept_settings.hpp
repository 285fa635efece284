// Settings that a running server keeps until it is started anew; every other one is applied by a reload.
#pragma once

#include "config/config.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server {

// Puts into `next` what stays as it is `in_force`. Gives each setting that was changed in vain, by its key,
// with the value that is kept and the one that waits for the restart.
std::vector<std::string> keep_settings(config::Config& next, const config::Config& in_force);

// The keys that are kept, as in the configuration: "relay.to".
std::vector<std::string_view> kept_keys();

}  // namespace gatepost::server
