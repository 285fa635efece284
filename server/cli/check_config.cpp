#include "server/cli/check_config.hpp"

#include "server/cli/command_line.hpp"
#include "server/load_runtime.hpp"
#include "server/machine.hpp"
#include "server/machine_checks.hpp"
#include "server/runtime.hpp"

#include <ostream>
#include <string>

namespace gatepost::server::cli {

int check_config(const CheckConfigOptions& options, std::chrono::sys_days today, std::ostream& out,
                 std::ostream& err) {
    auto loaded = config::load(options.config, today);
    std::string late;
    const RuntimePtr runtime = loaded.config ? make_runtime(*loaded.config, late) : nullptr;
    check_on_machine(loaded, options.config, this_machine());
    if (runtime && runtime->tls)
        for (const std::string& warning : runtime->tls->warnings())
            loaded.warnings.push_back(at_first_word(options.config, loaded.places, warning));
    if (!late.empty()) loaded.problems.push_back(at_first_word(options.config, loaded.places, late));
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
