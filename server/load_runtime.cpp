#include "server/load_runtime.hpp"

#include "server/kept_settings.hpp"
#include "server/machine.hpp"
#include "server/machine_checks.hpp"

#include "config/load.hpp"

#include "dns/resolv_conf.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::server {
std::string at_key(const std::filesystem::path& file, const config::Places& places, std::string_view key,
                   const std::string& message) {
    const config::Position where = places.of(key);
    return config::Problem{file.string(), where.line, where.column, message}.text();
}

config::Problem at_first_word(const std::filesystem::path& file, const config::Places& places,
                              const std::string& message) {
    const config::Position where =
        places.of(std::string_view(message).substr(0, message.find_first_of(" :")));
    return {file.string(), where.line, where.column, message};
}

bool needs_certificate(const config::Config& config) {
    return std::any_of(config.listeners.begin(), config.listeners.end(), [](const auto& listener) {
        return listener.tls == config::ListenerTls::required || listener.tls == config::ListenerTls::implicit;
    });
}

Loaded load_runtime(const std::filesystem::path& file, std::chrono::sys_days today,
                    const config::Config* in_force, std::shared_ptr<TicketKeys> ticket_keys) {
    config::LoadResult read = config::load(file, today);
    Machine machine = this_machine();
    if (in_force != nullptr) machine.unreadable = nullptr;  // threads run: no time to fork
    check_on_machine(read, file, machine);
    Loaded loaded;
    loaded.log = read.log;
    loaded.places = read.places;
    for (const config::Problem& warning : read.warnings)
        loaded.warnings.push_back(warning.text());
    for (const config::Problem& problem : read.problems)
        loaded.problems.push_back(problem.text());
    if (!read.config) return loaded;
    if (read.config->dns.servers.empty()) read.config->dns.servers = dns::read_resolv_conf();
    if (in_force != nullptr) loaded.kept = keep_settings(*read.config, *in_force);
    std::string problem;
    loaded.runtime = make_runtime(std::move(*read.config), problem, std::move(ticket_keys));
    if (loaded.runtime && loaded.runtime->tls)
        for (const std::string& warning : loaded.runtime->tls->warnings())
            loaded.warnings.push_back(at_first_word(file, read.places, warning).text());
    if (loaded.runtime) {
        if (!loaded.problems.empty()) loaded.runtime = nullptr;
        return loaded;
    }
    // Only certificates and keys can fail this late.
    loaded.problems.push_back(at_first_word(file, read.places, problem).text());
    return loaded;
}

}  // namespace gatepost::server
