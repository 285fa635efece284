#include "config/load.hpp"

#include "config/document.hpp"
#include "config/secret.hpp"
#include "config/section.hpp"
#include "config/sections.hpp"

#include <sstream>
#include <string>
#include <system_error>
#include <utility>

namespace gatepost::config {
namespace {

Config read_all(const Section& top, const Context& context, std::chrono::sys_days today) {
    Config config;
    read_identity(top, config);
    const Section tls = top.section("tls");
    read_tls(tls, config.tls);
    read_listeners(top, tls, config);
    read_limits(top.section("limits"), config.limits);
    read_dns(top.section("dns"), config.dns);
    read_relay(top, context.folder, config.relay);
    read_authentication(top.section("authentication"), config);
    read_policy(top.section("policy"), today, !config.tls.client_ca.empty(), config.policy);
    read_reports(top.section("reports"), config);
    read_history(top.section("history"), config.history);
    read_http(top.section("http"), config.http);
    read_process(top.section("process"), config.process);
    read_log(top.section("log"), config.log);
    return config;
}

// A text that is no YAML can still show how its operator reads logs: `format: json` below `log:`.
Log guess_log(std::string_view yaml) {
    Log log;
    bool inside = false;
    std::istringstream lines{std::string(yaml)};
    for (std::string line; std::getline(lines, line);) {
        const bool is_top = !line.empty() && line.find_first_of(" \t#") != 0;
        if (is_top) inside = line.starts_with("log:");
        const auto format = line.find("format:");
        if (inside && format != std::string::npos && line.find("json", format) != std::string::npos)
            log.format = Log::Format::json;
    }
    return log;
}

}  // namespace

LoadResult load_text(std::string_view yaml, const std::filesystem::path& file, std::chrono::sys_days today) {
    Problems problems(file.string());
    std::error_code error;
    Context context{problems, std::filesystem::absolute(file, error).parent_path(), {}};
    LoadResult result;
    if (const auto document = parse_document(yaml, problems)) {
        const Section top(context, &*document, "", Position());
        result.places = Places(*document);
        Config config = read_all(top, context, today);
        result.log = config.log;
        if (!problems.any_error()) result.config = std::move(config);
    } else {
        result.log = guess_log(yaml);
    }
    result.files = std::move(context.files);
    result.problems = problems.take_errors();
    result.warnings = problems.take_warnings();
    return result;
}

LoadResult load(const std::filesystem::path& file, std::chrono::sys_days today) {
    const auto text = read_file(file);
    if (text) return load_text(*text, file, today);
    LoadResult result;
    result.problems.push_back(Problem{file.string(), 1, 1, text.error().text});
    return result;
}

}  // namespace gatepost::config
