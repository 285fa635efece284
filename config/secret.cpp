#include "config/secret.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace gatepost::config {
namespace {

constexpr std::size_t max_file_octets =
    1024 * 1024;  // local: keys, chains and configurations are far smaller

Reason unreadable(const std::filesystem::path& path, const std::string& why) {
    return Reason::because("cannot read " + path.string() + ": " + why);
}

}  // namespace

Reason Reason::because(std::string why) {
    Reason reason;
    reason.text = std::move(why);
    return reason;
}

TextResult read_file(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (error) return unreadable(path, error.message());
    // A pipe or a device could keep the start waiting, or never end.
    if (!std::filesystem::is_regular_file(status)) return unreadable(path, "not a regular file");
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) return unreadable(path, std::error_code(errno, std::generic_category()).message());
    std::string text(max_file_octets + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return unreadable(path, "input error");
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_file_octets) return unreadable(path, "larger than 1 MiB");
    return text;
}

TextResult read_secret_file(const std::filesystem::path& path) {
    auto text = read_file(path);
    if (!text) return text;
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r'))
        text->pop_back();
    if (text->empty()) return unreadable(path, "it is empty");
    return text;
}

TextResult read_secret_variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (!value) return Reason::because("the environment variable " + name + " is not set");
    if (!*value) return Reason::because("the environment variable " + name + " is empty");
    return std::string(value);
}

}  // namespace gatepost::config
