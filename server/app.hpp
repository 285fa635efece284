// The server as a whole, once it has its configuration and its sockets.
#pragma once

#include "server/data_folder.hpp"
#include "server/listening_sockets.hpp"
#include "server/runtime.hpp"
#include "server/service_manager.hpp"

#include "config/places.hpp"

#include <filesystem>
#include <vector>

namespace gatepost::server {

// What is had before any thread is started, and with rights that are given up afterwards.
struct Outset {
    std::filesystem::path config_file;
    config::Places places;  // of the values of that file
    RuntimePtr runtime;
    std::vector<ListeningSocket> smtp;  // one for each listener of the configuration
    ListeningSocket http;               // of none where there is no http.address
    ServiceManager manager;
    DataFolder data_folder;  // held to the end
};

// Serves until SIGTERM or SIGINT, lets sessions end, flushes, and gives the exit status: 0; 1 where something
// needed cannot be had (a database that cannot be opened). SIGHUP loads the configuration anew; a bad one is
// logged and the old one stays.
int run_app(Outset outset);

}  // namespace gatepost::server
