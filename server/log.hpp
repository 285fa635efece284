// The log: one line an event, `event key=value key=value …`, to standard error. Event names are fixed words;
// values that are not plain words are quoted, and cut, so that no peer can forge or flood a line. Formatting
// is pure; spdlog writes.
#pragma once

#include "config/config.hpp"

#include "dns/ip_address.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server {

using LogLevel = config::Log::Level;

class LogEntry {
  public:
    // A key may come several times: each is a value of its own.
    struct Field {
        std::string_view key;
        std::string value;
        bool is_number = false;
    };

    explicit LogEntry(std::string_view event, LogLevel level = LogLevel::info)
        : event_(event), level_(level) {}

    // Makes room for so many fields.
    void expect(std::size_t fields) { fields_.reserve(fields); }
    LogEntry& with(std::string_view key, std::string_view value) {
        fields_.push_back({key, std::string(value), false});
        return *this;
    }
    LogEntry& with(std::string_view key, std::integral auto value) {
        fields_.push_back({key, std::to_string(value), true});
        return *this;
    }
    // Leaves the field out where there is nothing to say.
    LogEntry& with_some(std::string_view key, std::string_view value) {
        return value.empty() ? *this : with(key, value);
    }

    std::string_view event() const { return event_; }
    LogLevel level() const { return level_; }
    const std::vector<Field>& fields() const { return fields_; }

  private:
    std::string_view event_;
    LogLevel level_;
    std::vector<Field> fields_;
};

// "verdict tx=4c1f-1 from=\"a b@c.example\"": printable ASCII on one line, other octets as \xHH, values
// cut at 256 with "..." behind.
std::string format_text(const LogEntry& entry);
// One JSON object with "time" (RFC 3339, UTC), "level", "event" and the fields: numbers as numbers, all else
// as strings; a key that comes several times holds an array.
std::string format_json(const LogEntry& entry, std::chrono::system_clock::time_point time);

// Any thread.
class Log {
  public:
    explicit Log(const config::Log& settings);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    void write(const LogEntry& entry);
    // local choice: lines of an event and client in a minute that an operator looks for by their ids, of
    // those that tell of trouble, and of those that merely say who it is.
    static constexpr std::size_t lines_to_look_for = 60;
    static constexpr std::size_t some_lines = 10;
    static constexpr std::size_t one_line = 1;
    // A line that a client can cause again and again without sending a message: at most `lines` of its event
    // in a minute; those left out are counted in `left_out` of the next one. Lines of level debug are not
    // bounded. Verdicts never come this way.
    void write_bounded(const LogEntry& entry, const dns::IpAddress& client, std::size_t lines);
    // Tells what was left out of clients that have stopped; call it some times a minute.
    void tell_left_out();
    std::uint64_t left_out() const;
    // From the next line on.
    void use(const config::Log& settings);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatepost::server
