// What a configuration is checked against beside itself: the addresses, gateways, users and file rights of
// the machine that it is to run on.
#pragma once

#include "dns/ip_address.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server {

struct Machine {
    struct Gateway {
        dns::IpAddress address;
        std::string interface;
    };

    std::vector<dns::IpAddress> addresses;  // of its interfaces
    std::vector<Gateway> gateways;
    std::function<bool(const std::string& user)> has_user;
    std::function<bool(const std::string& group)> has_group;
    // What /etc/hosts says of a name; no question to any server.
    std::function<std::vector<dns::IpAddress>(std::string_view host)> hosts;
    // Which of the files `user` could not read, once we have become that user; empty where we are not root.
    // May be absent: not looked at.
    std::function<std::vector<std::filesystem::path>(const std::string& user, const std::string& group,
                                                     const std::vector<std::filesystem::path>& files)>
        unreadable;
};

// This one, as it is now. Before there are threads where process.user is to be asked about: it forks.
Machine this_machine();

// Of the lines of /proc/net/route and /proc/net/ipv6_route.
std::vector<Machine::Gateway> read_gateways(std::string_view routes, std::string_view routes6);
// The addresses of a name in the lines of hosts(5).
std::vector<dns::IpAddress> read_hosts(std::string_view lines, std::string_view host);

}  // namespace gatepost::server
