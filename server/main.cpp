// The one binary: the command line decides which function runs; its result is the exit status.
#include "server/cli/check_config.hpp"
#include "server/cli/command_line.hpp"
#include "server/cli/report.hpp"
#include "server/cli/spf.hpp"
#include "server/cli/verify.hpp"
#include "server/cli/version.hpp"
#include "server/privileges.hpp"
#include "server/run_server.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <variant>

namespace {

using namespace gatepost::server;

// One overload a command. The wall clock is read here and handed down.
struct Run {
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
    std::chrono::sys_days today = std::chrono::floor<std::chrono::days>(now);

    int operator()(const cli::ServeOptions& options) const { return run_server(options.config); }
    int operator()(const cli::CheckConfigOptions& options) const {
        return cli::check_config(options, today, std::cout, std::cerr);
    }
    int operator()(cli::VerifyOptions options) const {
        // As the server of this machine judges, where there is one; one that cannot be read is told, not
        // passed over.
        std::error_code ignored;
        const auto file = std::filesystem::status(cli::default_config_file, ignored);
        if (!options.config && file.type() != std::filesystem::file_type::not_found)
            options.config = cli::default_config_file;
        else if (options.config && options.config->empty())
            options.config = std::nullopt;
        return cli::verify(options, now, std::cin, std::cout, std::cerr);
    }
    int operator()(const cli::SpfOptions& options) const { return cli::spf(options, now, std::cout); }
    int operator()(const cli::ReportListCommand& command) const {
        const auto config = cli::load_config(command.config, today, std::cerr);
        return config ? cli::report_list(*config, command.options, std::cout, std::cerr) : cli::exit_usage;
    }
    int operator()(cli::ReportShowCommand command) const {
        const auto config = cli::load_config(command.config, today, std::cerr);
        if (!config) return cli::exit_usage;
        command.options.now = now;
        return cli::report_show(*config, command.options, std::cout, std::cerr);
    }
    int operator()(const cli::VersionOptions&) const { return cli::version(std::cout); }
};

// What could not be printed was not done: a full disk behind a redirection, a closed pipe.
int flush_output(int status) {
    errno = 0;  // the reason is at hand where the last octets failed, and not those before
    const bool flushed = std::fflush(stdout) == 0;
    const int reason = errno;
    if (std::cout.flush() && flushed) return status;
    std::cerr << "gatepost: cannot write to standard output"
              << (reason == 0 ? "" : std::string(": ") + std::strerror(reason)) << '\n';
    return status == cli::exit_fine ? cli::exit_failed : status;
}

}  // namespace

int main(int argc, char** argv) {
    hold_standard_descriptors();
    keep_private();
    try {
        const auto line = cli::parse_command_line(argc, argv);
        std::cout << line.output;
        std::cerr << line.errors;
        const int status = line.command ? std::visit(Run(), *line.command) : line.exit_status;
        return flush_output(status);
    } catch (const std::exception& error) {
        std::cerr << "gatepost: " << error.what() << '\n';
        return cli::exit_failed;
    }
}
