#include "server/run_server.hpp"

#include "server/app.hpp"
#include "server/load_runtime.hpp"
#include "server/log.hpp"
#include "server/privileges.hpp"

#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <utility>

namespace gatepost::server {
namespace {

std::string text_of(const config::SocketAddress& address) {
    return address.address.text() + " port " + std::to_string(address.port);
}

// Takes over or binds every address of the configuration. The problem, or empty.
std::string open_sockets(const config::Config& config, ListeningSockets& sockets, Outset& outset) {
    std::error_code error;
    for (const config::Listener& listener : config.listeners) {
        outset.smtp.push_back(sockets.open(listener.address.address, listener.address.port, error));
        if (error) return "cannot listen on " + text_of(listener.address) + ": " + error.message();
    }
    if (config.http.address) {
        outset.http = sockets.open(config.http.address->address, config.http.address->port, error);
        if (error) return "http.address " + text_of(*config.http.address) + ": " + error.message();
    }
    std::string problem;
    for (const std::string& address : sockets.unclaimed())
        problem += (problem.empty() ? "" : "; ") + std::string("handed over, and in no listener: ") + address;
    return problem;
}

// All that takes rights which are given up, and all before the first thread: capabilities are each thread's.
std::string prepare(Outset& outset, ListeningSockets& sockets) {
    const config::Config& config = outset.runtime->config;
    use_right_to_bind();
    std::string problem = open_sockets(config, sockets, outset);
    if (!problem.empty()) return problem;
    std::error_code error;
    std::filesystem::create_directories(config.data_dir, error);
    if (error) return "data_dir " + config.data_dir.string() + ": " + error.message();
    return drop_privileges({config.process.user, config.process.group}, config.data_dir);
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
    const std::string problem = prepare(outset, sockets);
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
    Log log(outset.runtime->config.log);
    LogEntry entry("cannot_start", LogLevel::error);
    entry.with("problem", problem);
    log.write(entry);
    return 1;
}

}  // namespace gatepost::server
