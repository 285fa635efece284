// Mistakes that show only on the machine that a configuration is to run on.
#pragma once

#include "server/machine.hpp"

#include "config/config.hpp"
#include "config/load.hpp"

#include <filesystem>

namespace gatepost::server {

// Adds to the problems and warnings of a configuration that could be read: mail that would come back to us,
// users that there are not, files that process.user cannot read, a gateway that would lend its rights. The
// configuration stays, problems or not. `file`: of the configuration itself.
void check_on_machine(config::LoadResult& loaded, const std::filesystem::path& file, const Machine& machine);

}  // namespace gatepost::server
