// The server as a whole: `gatepost serve`.
#pragma once

#include <filesystem>

namespace gatepost::server {

// Loads the configuration, binds, serves until SIGTERM or SIGINT, lets sessions end, flushes, and gives the
// exit status: 0; 1 where something needed cannot be had (an address in use, a database that cannot be
// opened); 2 for a bad configuration. SIGHUP loads the configuration anew; a bad one is logged and the old
// one stays.
int run_server(const std::filesystem::path& config_file);

}  // namespace gatepost::server
