// Command lines out of octets, read in pieces of the first octet's size: the pieces change nothing, a line
// that may be executed has no octet that another reader could take for a line end, and its verb and argument
// are in it.
#include "server/smtp/command.hpp"
#include "server/smtp/command_table.hpp"
#include "server/smtp/limits.hpp"
#include "server/smtp/line_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smtp = gatepost::server::smtp;

namespace {

using Status = smtp::LineReader::Status;

void require(bool condition) {
    if (!condition) std::abort();
}

void check_command(std::string_view line) {
    const auto command = smtp::parse_command(line);
    require(line.find(command.argument) != std::string_view::npos);
    const auto* rule = smtp::find_rule(command.verb);
    require(rule == nullptr || line.size() >= rule->keyword.size());
}

std::vector<std::pair<Status, std::string>> read(std::string_view octets, std::size_t piece) {
    smtp::LineReader reader;
    std::vector<std::pair<Status, std::string>> lines;
    while (!octets.empty()) {
        auto input = octets.substr(0, piece);
        octets.remove_prefix(input.size());
        while (!input.empty()) {
            const Status status = reader.read(input);
            require(status != Status::need_more || input.empty());
            if (status == Status::need_more) continue;
            require(reader.line().size() <= smtp::max_command_line_octets);
            lines.emplace_back(status, reader.line());
            if (status != Status::line) continue;
            require(reader.line().find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
            check_command(reader.line());
        }
    }
    return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = read(octets, std::max<std::size_t>(octets.size(), 1));
    require(whole == read(octets, data[0] % 16U + 1U));
    return 0;
}
