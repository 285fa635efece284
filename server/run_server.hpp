// `gatepost serve`, from the configuration file to the exit status.
#pragma once

#include <filesystem>

namespace gatepost::server {

// Loads the configuration, binds, gives up the rights that this took, serves. Exit status: 0; 1 where
// something needed cannot be had (an address in use, a user that there is not); 2 for a bad configuration.
int run_server(const std::filesystem::path& config_file);

}  // namespace gatepost::server
