#include "server/cli/check_config.hpp"

#include "server/cli/command_line.hpp"
#include "server/tls_context.hpp"

#include <ostream>
#include <string>

namespace gatepost::server::cli {

int check_config(const CheckConfigOptions& options, std::chrono::sys_days today, std::ostream& out,
                 std::ostream& err) {
    auto loaded = config::load(options.config, today);
    if (loaded.config && loaded.config->tls.configured()) {
        std::string problem;
        if (!TlsContext::load(loaded.config->tls, problem))
            loaded.problems.push_back(config::Problem{options.config.string(), loaded.tls_position.line,
                                                      loaded.tls_position.column, problem});
    }
    for (const auto& problem : loaded.problems)
        err << problem.text() << '\n';
    for (const auto& warning : loaded.warnings)
        err << warning.file << ':' << warning.line << ':' << warning.column
            << ": warning: " << warning.message << '\n';
    if (!loaded.problems.empty()) return exit_usage;
    out << options.config.string() << ": valid\n";
    return exit_fine;
}

std::optional<config::Config> load_config(const std::filesystem::path& file, std::chrono::sys_days today,
                                          std::ostream& err) {
    auto loaded = config::load(file, today);
    for (const auto& problem : loaded.problems)
        err << problem.text() << '\n';
    return std::move(loaded.config);
}

}  // namespace gatepost::server::cli
