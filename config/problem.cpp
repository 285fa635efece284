#include "config/problem.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

namespace gatepost::config {
namespace {

constexpr std::size_t max_quoted_octets = 80;  // local: a message stays one readable line

std::vector<Problem> sorted(std::vector<Problem> problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
    return problems;
}

}  // namespace

std::string Problem::text() const {
    return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + message;
}

void Problems::error(Position where, std::string message) {
    errors_.push_back(Problem{file_, where.line, where.column, std::move(message)});
}

void Problems::warn(Position where, std::string message) {
    warnings_.push_back(Problem{file_, where.line, where.column, std::move(message)});
}

std::vector<Problem> Problems::take_errors() {
    return sorted(std::exchange(errors_, {}));
}

std::vector<Problem> Problems::take_warnings() {
    return sorted(std::exchange(warnings_, {}));
}

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text.substr(0, max_quoted_octets)) {
        const auto octet = static_cast<unsigned char>(c);
        out += octet < 0x20 || octet == 0x7f ? '?' : c;
    }
    return out + (text.size() > max_quoted_octets ? "…\"" : "\"");
}

}  // namespace gatepost::config
