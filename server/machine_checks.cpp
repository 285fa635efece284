#include "server/machine_checks.hpp"

#include "policy/condition.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace gatepost::server {
namespace {

using config::Config;

const dns::IpAddress loopback4 = dns::IpAddress::v4({127, 0, 0, 1});
const dns::IpAddress loopback6 = *dns::IpAddress::parse("::1");

bool is_unspecified(const dns::IpAddress& address) {
    return address == dns::IpAddress() || address == dns::IpAddress::v6({});
}

std::string text_of(const dns::IpAddress& address, std::uint16_t port) {
    return (address.is_v6() ? '[' + address.text() + ']' : address.text()) + ':' + std::to_string(port);
}

std::string indexed(const std::string& key, std::size_t index) {
    return key + '[' + std::to_string(index) + ']';
}

class Checks {
  public:
    Checks(config::LoadResult& loaded, const std::filesystem::path& file, const Machine& machine)
        : loaded_(loaded), config_(*loaded.config), file_(file), machine_(machine) {}

    void run() {
        check_relay();
        check_account();
        check_files();
        check_gateways();
    }

  private:
    config::Problem at(config::Position where, const std::string& message) const {
        return {file_.string(), where.line, where.column, message};
    }
    void error(const std::string& key, const std::string& message) {
        const config::Position where = loaded_.places.of(key);
        loaded_.problems.push_back(at(where, key.substr(0, key.find('[')) + ": " + message));
    }
    void warn(config::Position where, const std::string& message) {
        loaded_.warnings.push_back(at(where, message));
    }

    // Where a destination leads without asking anybody. A connection to no address goes to this machine.
    std::vector<dns::IpAddress> addresses_of(const std::string& host) const {
        std::vector<dns::IpAddress> found;
        if (const auto address = dns::IpAddress::parse(host))
            found = {*address};
        else
            found = machine_.hosts(host);
        if (host == "localhost") found.insert(found.end(), {loopback4, loopback6});
        for (dns::IpAddress& address : found)
            if (is_unspecified(address)) address = address.is_v4() ? loopback4 : loopback6;
        return found;
    }

    bool is_of_this_machine(const dns::IpAddress& address) const {
        const auto& own = machine_.addresses;
        return address.is_loopback() || std::find(own.begin(), own.end(), address) != own.end();
    }

    bool takes(const config::SocketAddress& listener, const dns::IpAddress& address) const {
        if (listener.address == address) return true;
        return is_unspecified(listener.address) && listener.address.is_v4() == address.is_v4() &&
               is_of_this_machine(address);
    }

    void check_relay() {
        for (std::size_t i = 0; i < config_.relay.to.size(); ++i) {
            const auto* server = std::get_if<config::ServerDestination>(&config_.relay.to[i]);
            if (server != nullptr && !server->is_local()) check_destination(*server, indexed("relay.to", i));
        }
    }

    void check_destination(const config::ServerDestination& server, const std::string& key) {
        const auto addresses = addresses_of(server.host);
        for (const config::Listener& listener : config_.listeners) {
            if (listener.address.port != server.port) continue;
            const bool loops =
                std::any_of(addresses.begin(), addresses.end(),
                            [&](const dns::IpAddress& address) { return takes(listener.address, address); });
            if (loops)
                return error(
                    key, server.text() + " is our own listener " +
                             text_of(listener.address.address, listener.address.port) +
                             ": mail would come back to us; name the mail system behind, or its other port");
        }
        if (addresses.empty() && server.host == config_.hostname)
            warn(loaded_.places.of(key),
                 "relay.to: " + server.host +
                     " is our own name; if it leads here, mail would come back to us");
    }

    void check_account() {
        const config::Process& process = config_.process;
        if (!process.user.empty() && !machine_.has_user(process.user))
            error("process.user", "there is no user " + process.user +
                                      "; make one (adduser --system --group " + process.user +
                                      ") or name another");
        if (!process.group.empty() && !machine_.has_group(process.group))
            error("process.group", "there is no group " + process.group + "; make one (addgroup --system " +
                                       process.group + ") or name another");
    }

    // Root reads them at the start; a reload, or a renewed certificate, is read by process.user.
    void check_files() {
        if (config_.process.user.empty() || !machine_.unreadable) return;
        std::vector<config::NamedFile> named = loaded_.files;
        named.push_back({file_, "", config::Position()});
        std::vector<std::filesystem::path> files;
        for (const config::NamedFile& file : named)
            files.push_back(file.path);
        const auto unreadable = machine_.unreadable(config_.process.user, config_.process.group, files);
        std::set<std::filesystem::path> told;
        for (const config::NamedFile& file : named) {
            if (std::find(unreadable.begin(), unreadable.end(), file.path) == unreadable.end()) continue;
            if (!told.insert(file.path).second) continue;
            warn(file.where, (file.key.empty() ? "" : file.key + ": ") + file.path.string() +
                                 " cannot be read by process.user " + config_.process.user +
                                 ": it is read now, by root, but no reload will take it again, nor a renewed "
                                 "certificate; let that user come to it (chgrp and chmod g+r, folders too)");
        }
    }

    void check_gateways() {
        std::set<dns::IpAddress> seen;  // several routes may lead through one
        for (const Machine::Gateway& gateway : machine_.gateways) {
            if (!seen.insert(gateway.address).second) continue;
            check_networks(gateway, config_.policy.own_networks, "policy.own_networks",
                           "policy.own_networks");
            const auto& exemptions = config_.policy.exemptions;
            for (std::size_t i = 0; i < exemptions.size(); ++i)
                check_networks(gateway, exemptions[i].when.client_ip,
                               indexed("policy.exemptions", i) + ".when.client_ip",
                               "exemption \"" + exemptions[i].id + '"');
        }
    }

    void check_networks(const Machine::Gateway& gateway, const std::vector<dns::IpNetwork>& networks,
                        const std::string& key, const std::string& name) {
        for (std::size_t i = 0; i < networks.size(); ++i)
            if (networks[i].contains(gateway.address))
                warn(loaded_.places.of(indexed(key, i)),
                     name + ": " + networks[i].text() + " holds the gateway " + gateway.address.text() +
                         " of " + gateway.interface +
                         ": where it hides clients, as that of a container does, the Internet has the rights "
                         "of this "
                         "network; leave it out, or see to it that clients come with their own addresses");
    }

    config::LoadResult& loaded_;
    const Config& config_;
    const std::filesystem::path& file_;
    const Machine& machine_;
};

void sort(std::vector<config::Problem>& problems) {
    std::stable_sort(problems.begin(), problems.end(),
                     [](const config::Problem& a, const config::Problem& b) {
                         return std::pair(a.line, a.column) < std::pair(b.line, b.column);
                     });
}

}  // namespace

void check_on_machine(config::LoadResult& loaded, const std::filesystem::path& file, const Machine& machine) {
    if (!loaded.config) return;
    Checks(loaded, file, machine).run();
    sort(loaded.problems);
    sort(loaded.warnings);
}

}  // namespace gatepost::server
