// The command line as a value: which command, with which options. Wrong usage is told here, before anything
// is opened. CLI11 does the parsing, in this file's .cpp alone.
#pragma once

#include "server/cli/check_config.hpp"
#include "server/cli/report.hpp"
#include "server/cli/spf.hpp"
#include "server/cli/verify.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace gatepost::server::cli {

// Exit statuses of every command.
enum ExitStatus : int {
    exit_fine = 0,
    exit_failed = 1,  // the check failed, or the work could not be done
    exit_usage = 2,   // wrong usage or a bad configuration
};

// Where packages and units put it; in force where --config is not given.
constexpr const char* default_config_file = "/etc/gatepost/gatepost.yaml";

struct ServeOptions {
    std::filesystem::path config;
};
struct VersionOptions {};

// The commands that read a configuration for their own options.
struct ReportListCommand {
    std::filesystem::path config;
    ReportListOptions options;
};
struct ReportShowCommand {
    std::filesystem::path config;
    ReportShowOptions options;  // without `now`, which the caller sets
};

using Command = std::variant<ServeOptions, CheckConfigOptions, VerifyOptions, SpfOptions, ReportListCommand,
                             ReportShowCommand, VersionOptions>;

struct CommandLine {
    std::optional<Command> command;  // absent: print `output` and `errors`, and end with `exit_status`
    int exit_status = exit_fine;
    std::string output;  // help that was asked for
    std::string errors;
};

CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace gatepost::server::cli
