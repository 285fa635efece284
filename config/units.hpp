// Sizes, durations, dates and ids as the configuration writes them.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::config {

// "50MiB", "512KiB", "10GiB" or a plain number of octets. nullopt: another unit, a fraction, a sign, or more
// than a size can hold.
std::optional<std::size_t> parse_size(std::string_view text);

// "500ms", "30s", "5m", "1h", "7d"; one unit, which is never left out. nullopt otherwise.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "2027-06-30"; nullopt where there is no such day.
std::optional<std::chrono::year_month_day> parse_date(std::string_view text);

// The id of an exemption, a limit or a list: letters, digits, '-', '_' and '.', at most 64.
std::optional<std::string> parse_id(std::string_view text);

}  // namespace gatepost::config
