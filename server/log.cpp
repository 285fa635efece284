#include "server/log.hpp"

#include "server/log_bound.hpp"

#include "dns/ascii.hpp"
#include "dns/keyed_hash.hpp"
#include "dns/random_source.hpp"

#include <boost/json.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>

namespace gatepost::server {
namespace {

constexpr std::size_t max_value_octets = 256;   // local: a peer's text never fills the log
constexpr std::size_t usual_line_octets = 512;  // local: of a verdict

bool is_plain(std::string_view value) {
    return !value.empty() && value.size() <= max_value_octets &&
           std::all_of(value.begin(), value.end(),
                       [](char c) { return ascii::is_visible(c) && c != '"' && c != '\\' && c != '='; });
}

// `with_specials`: quotes and backslashes are escaped too.
void append_escaped(std::string& line, std::string_view value, bool with_specials) {
    for (const char c : value.substr(0, max_value_octets)) {
        if (ascii::is_printable(c)) {
            if (with_specials && (c == '"' || c == '\\')) line += '\\';
            line += c;
            continue;
        }
        std::array<char, 8> hex{};
        std::snprintf(hex.data(), hex.size(), "\\x%02x",
                      static_cast<unsigned>(static_cast<unsigned char>(c)));
        line += hex.data();
    }
    if (value.size() > max_value_octets) line += "...";
}

std::string_view level_word(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "info";
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

// RFC 3339 §5.6, in UTC, to the millisecond.
std::string rfc3339(std::chrono::system_clock::time_point time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<milliseconds>(time - day));
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                  static_cast<int>(clock.subseconds().count()));
    return text.data();
}

}  // namespace

std::string format_text(const LogEntry& entry) {
    std::string line;
    line.reserve(usual_line_octets);
    line += entry.event();
    for (const auto& [key, value, is_number] : entry.fields()) {
        line += ' ';
        line += key;
        line += '=';
        if (is_plain(value)) {
            line += value;
            continue;
        }
        line += '"';
        append_escaped(line, value, true);
        line += '"';
    }
    return line;
}

namespace {

void add_json(boost::json::object& object, const LogEntry::Field& field) {
    boost::json::value value;
    if (field.is_number) {
        value = boost::json::parse(field.value);
    } else {
        // Octets are escaped as in text, since what a peer sent need not be UTF-8; JSON does the rest.
        std::string escaped;
        append_escaped(escaped, field.value, false);
        value = escaped;
    }
    boost::json::value* const before = object.if_contains(field.key);
    if (before == nullptr) {
        object[field.key] = std::move(value);
        return;
    }
    if (!before->is_array()) {
        boost::json::array values;
        values.push_back(std::move(*before));
        *before = std::move(values);
    }
    before->as_array().push_back(std::move(value));
}

}  // namespace

std::string format_json(const LogEntry& entry, std::chrono::system_clock::time_point time) {
    boost::json::object object;
    object["time"] = rfc3339(time);
    object["level"] = level_word(entry.level());
    object["event"] = entry.event();
    for (const LogEntry::Field& field : entry.fields())
        add_json(object, field);
    return boost::json::serialize(object);
}

struct Log::Impl {
    Impl()
        : text("gatepost", std::make_shared<spdlog::sinks::stderr_sink_mt>()),
          json("gatepost", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
        text.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
        json.set_pattern("%v");
    }
    // Two of them, so that a line under way keeps the form that it was made for.
    spdlog::logger text;
    spdlog::logger json;
    std::atomic<bool> is_json = false;

    dns::SystemRandomSource random;
    std::mutex mutex;
    LogBound bound{dns::draw_hash_key(random)};  // under `mutex`
};

Log::Log(const config::Log& settings) : impl_(std::make_unique<Impl>()) {
    use(settings);
}

Log::~Log() = default;

void Log::write(const LogEntry& entry) {
    const auto level = spdlog_level(entry.level());
    const bool json = impl_->is_json;
    spdlog::logger& logger = json ? impl_->json : impl_->text;
    if (!logger.should_log(level)) return;
    logger.log(level, "{}", json ? format_json(entry, std::chrono::system_clock::now()) : format_text(entry));
}

void Log::write_bounded(const LogEntry& entry, const dns::IpAddress& client, std::size_t lines) {
    if (entry.level() == LogLevel::debug) return write(entry);  // who asks for it wants all
    if (!impl_->text.should_log(spdlog_level(entry.level()))) return;
    std::optional<std::uint64_t> before;
    {
        const std::lock_guard lock(impl_->mutex);
        before = impl_->bound.admit(entry.event(), client, lines, std::chrono::steady_clock::now());
    }
    if (!before) return;
    if (*before == 0) return write(entry);
    LogEntry told = entry;
    told.with("left_out", *before);
    write(told);
}

void Log::tell_left_out() {
    std::vector<LogBound::LeftOut> ended;
    {
        const std::lock_guard lock(impl_->mutex);
        ended = impl_->bound.take_ended(std::chrono::steady_clock::now());
    }
    for (const LogBound::LeftOut& left_out : ended) {
        LogEntry entry("log_lines_left_out");
        entry.with("of", left_out.event).with("client", left_out.client ? left_out.client->text() : "others");
        entry.with("lines", left_out.lines);
        write(entry);
    }
}

std::uint64_t Log::left_out() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->bound.left_out();
}

void Log::use(const config::Log& settings) {
    impl_->text.set_level(spdlog_level(settings.level));
    impl_->json.set_level(spdlog_level(settings.level));
    impl_->is_json = settings.format == config::Log::Format::json;
}

}  // namespace gatepost::server
