#include "server/run_server.hpp"

#include "server/app.hpp"
#include "server/load_runtime.hpp"
#include "server/log.hpp"
#include "server/privileges.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <utility>
#include <vector>

namespace gatepost::server {
namespace {

// What is started, and where its values stand.
struct Start {
    const config::Config& config;
    const std::filesystem::path& file;
    const config::Places& places;

    std::string at(const std::string& key, const std::string& message) const {
        return at_key(file, places, key, message);
    }
};

std::string text_of(const config::SocketAddress& address) {
    return address.address.text() + " port " + std::to_string(address.port);
}

// What to do about an address that could not be bound.
std::string remedy(const std::error_code& error, std::uint16_t port) {
    const std::string number = std::to_string(port);
    if (error == std::errc::permission_denied && port < 1024)
        return "; for a port below 1024 start as root with process.user, or let systemd hold the socket, or "
               "give "
               "the program the right (setcap cap_net_bind_service=+ep), or lower "
               "net.ipv4.ip_unprivileged_port_start by sysctl";
    if (error == std::errc::address_in_use) return "; see who has it: ss -ltnp 'sport = :" + number + "'";
    if (error == std::errc::address_not_available) return "; no interface of this machine has that address";
    return {};
}

struct Wanted {
    std::string key;  // as places know it
    config::SocketAddress address;
};

std::vector<Wanted> wanted_addresses(const config::Config& config) {
    std::vector<Wanted> wanted;
    for (std::size_t i = 0; i < config.listeners.size(); ++i)
        wanted.push_back({"listeners[" + std::to_string(i) + "].address", config.listeners[i].address});
    if (config.http.address) wanted.push_back({"http.address", *config.http.address});
    return wanted;
}

// Sockets that nobody asks for, before any address is bound: where the service manager holds 0.0.0.0, an
// address of ours would seem to be in use.
std::string compare_with_handed_over(const Start& start, const ListeningSockets& sockets) {
    std::vector<std::string> left = sockets.unclaimed();
    std::string key = "listeners";
    std::string others;
    for (const Wanted& wanted : wanted_addresses(start.config)) {
        const auto found = std::find(left.begin(), left.end(), text_of(wanted.address));
        if (found != left.end()) {
            left.erase(found);
            continue;
        }
        if (wanted.key == "http.address") continue;  // seldom held by a socket unit
        if (others.empty()) key = wanted.key;
        others += (others.empty() ? "" : ", ") + text_of(wanted.address);
    }
    if (left.empty()) return {};
    std::string problem = "handed over, and in no listener: ";
    for (std::size_t i = 0; i < left.size(); ++i)
        problem += (i == 0 ? "" : "; ") + left[i];
    if (!others.empty()) problem += "; in the configuration, and not handed over: " + others;
    return start.at(key, problem + "; write the same addresses here and in the socket unit (ListenStream=)");
}

// Takes over or binds every address of the configuration. The problem, or empty.
std::string open_sockets(const Start& start, ListeningSockets& sockets, Outset& outset) {
    std::string problem = compare_with_handed_over(start, sockets);
    if (!problem.empty()) return problem;
    for (const Wanted& wanted : wanted_addresses(start.config)) {
        std::error_code error;
        ListeningSocket socket = sockets.open(wanted.address.address, wanted.address.port, error);
        if (error)
            return start.at(wanted.key, "cannot listen on " + text_of(wanted.address) + ": " +
                                            error.message() + remedy(error, wanted.address.port));
        if (wanted.key == "http.address")
            outset.http = std::move(socket);
        else
            outset.smtp.push_back(std::move(socket));
    }
    return {};
}

// Makes it where it is missing, gives it to process.user, and takes it once we are that user.
std::string prepare_data_folder(const Start& start, Outset& outset) {
    const config::Config& config = start.config;
    const std::error_code error = make_data_folder(config.data_dir);
    if (error) return start.at("data_dir", "data_dir " + config.data_dir.string() + ": " + error.message());
    const config::Process& process = config.process;
    std::string problem = hand_over_files(config.data_dir, process.user, process.group);
    if (!problem.empty()) return start.at("data_dir", "data_dir: " + problem);
    problem = drop_privileges({process.user, process.group}, config.data_dir);
    if (!problem.empty()) return start.at("process.user", problem);
    problem = outset.data_folder.open(config.data_dir);
    return problem.empty() ? "" : start.at("data_dir", "data_dir: " + problem);
}

// All that takes rights which are given up, and all before the first thread: capabilities are each thread's.
std::string prepare(const Start& start, Outset& outset, ListeningSockets& sockets) {
    use_right_to_bind();
    const std::string problem = open_sockets(start, sockets, outset);
    return problem.empty() ? prepare_data_folder(start, outset) : problem;
}

// What is found before the server runs: a line as check-config prints it, or JSON for those who log JSON.
void report(config::Log settings, LogLevel level, const std::string& text) {
    const bool is_warning = level == LogLevel::warning;
    if (settings.format == config::Log::Format::text) {
        std::cerr << text << (is_warning ? " (warning)" : "") << '\n';
        return;
    }
    settings.level = LogLevel::warning;
    LogEntry entry("configuration", level);
    entry.with(is_warning ? "warning" : "problem", text);
    Log(settings).write(entry);
}

}  // namespace

int run_server(const std::filesystem::path& config_file) {
    std::signal(SIGPIPE, SIG_IGN);
    ListeningSockets sockets;
    Outset outset;
    outset.config_file = config_file;
    const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    Loaded loaded = load_runtime(config_file, today, nullptr);
    for (const std::string& warning : loaded.warnings)
        report(loaded.log, LogLevel::warning, warning);
    for (const std::string& problem : loaded.problems)
        report(loaded.log, LogLevel::error, problem);
    if (!loaded.runtime) return 2;
    outset.runtime = std::move(loaded.runtime);
    outset.places = std::move(loaded.places);
    const std::string problem =
        prepare({outset.runtime->config, config_file, outset.places}, outset, sockets);
    if (problem.empty()) {
        if (::geteuid() == 0)
            report(loaded.log, LogLevel::warning, "gatepost keeps root's rights: process.user is not given");
        try {
            return run_app(std::move(outset));
        } catch (const std::exception& error) {
            report(loaded.log, LogLevel::error, error.what());
            return 1;
        }
    }
    // As check-config tells it, and whole: a value in the log has a bound.
    if (outset.runtime->config.log.format == config::Log::Format::text) {
        std::cerr << problem << '\n';
        return 1;
    }
    Log log(outset.runtime->config.log);
    LogEntry entry("cannot_start", LogLevel::error);
    entry.with("problem", problem);
    log.write(entry);
    return 1;
}

}  // namespace gatepost::server
