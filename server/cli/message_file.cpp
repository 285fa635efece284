#include "server/cli/message_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <istream>
#include <ostream>
#include <system_error>
#include <utility>

namespace gatepost::server::cli {
namespace {

constexpr std::string_view crlf = "\r\n";

std::string with_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
    for (const char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

// More than `limit` octets where there are more.
std::string read_at_most(std::istream& in, std::size_t limit) {
    std::string text;
    std::array<char, 65536> chunk;
    while (in.read(chunk.data(), chunk.size()), in.gcount() > 0) {
        text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
        if (text.size() > limit) break;
    }
    return text;
}

}  // namespace

MessageFile make_message_file(std::string text) {
    MessageFile file;
    const bool has_crlf = text.find(crlf) != std::string::npos;
    file.converted = !has_crlf && text.find('\n') != std::string::npos;
    file.octets = file.converted ? with_crlf(text) : std::move(text);
    return file;
}

std::optional<MessageFile> read_message_file(const std::string& name, std::size_t limit, std::istream& in,
                                             std::ostream& err) {
    std::ifstream file;
    if (name != "-") {
        errno = 0;
        file.open(name, std::ios::binary);
        if (!file) {
            err << "gatepost: cannot read " << name << ": "
                << std::error_code(errno, std::generic_category()).message() << '\n';
            return std::nullopt;
        }
    }
    std::istream& source = name == "-" ? in : file;
    std::string text = read_at_most(source, limit);
    if (source.bad()) {
        err << "gatepost: cannot read " << name << ": input error\n";  // a folder, for instance
        return std::nullopt;
    }
    return make_message_file(std::move(text));
}

}  // namespace gatepost::server::cli
