#include "config/units.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace gatepost::config {
namespace {

constexpr std::size_t max_digits = 15;     // local: below what 64 bits hold, and beyond any sane setting
constexpr std::size_t max_id_octets = 64;  // local: it stands in log lines, headers and reports

struct Quantity {
    std::uint64_t number;
    std::string_view unit;
};

std::optional<Quantity> split(std::string_view text) {
    const auto end =
        static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), ascii::is_digit) - text.begin());
    const auto number = ascii::parse_decimal<std::uint64_t>(text.substr(0, end), max_digits);
    if (!number) return std::nullopt;
    return Quantity{*number, text.substr(end)};
}

template <std::size_t N>
std::optional<std::uint64_t> scaled(const Quantity& quantity,
                                    const std::pair<std::string_view, std::uint64_t> (&units)[N]) {
    for (const auto& [unit, factor] : units) {
        if (unit != quantity.unit) continue;
        if (quantity.number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor)
            return std::nullopt;
        return quantity.number * factor;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::size_t> parse_size(std::string_view text) {
    static constexpr std::pair<std::string_view, std::uint64_t> units[] = {
        {"", 1}, {"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}};
    const auto quantity = split(text);
    return quantity ? scaled(*quantity, units) : std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    static constexpr std::pair<std::string_view, std::uint64_t> units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
    const auto quantity = split(text);
    const auto milliseconds = quantity ? scaled(*quantity, units) : std::nullopt;
    if (!milliseconds) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*milliseconds));
}

std::optional<std::chrono::year_month_day> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = ascii::parse_decimal<int>(text.substr(0, 4), 4);
    const auto month = ascii::parse_decimal<unsigned>(text.substr(5, 2), 2);
    const auto day = ascii::parse_decimal<unsigned>(text.substr(8, 2), 2);
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                           std::chrono::day(*day)};
    return date.ok() ? std::optional(date) : std::nullopt;
}

std::optional<std::string> parse_id(std::string_view text) {
    const bool plain =
        !text.empty() && text.size() <= max_id_octets && std::all_of(text.begin(), text.end(), [](char c) {
            return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
        });
    return plain ? std::optional<std::string>(text) : std::nullopt;
}

}  // namespace gatepost::config
