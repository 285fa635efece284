#include "server/cli/version.hpp"

#include "server/cli/command_line.hpp"

#include <CLI/Version.hpp>

#include <ostream>
#include <string_view>

namespace gatepost::server::cli {

int version(std::ostream& out) {
    out << "gatepost " << GATEPOST_VERSION << '\n';
    out << "build: " << GATEPOST_BUILD_TYPE << ", " << GATEPOST_COMPILER << ", C++"
        << __cplusplus / 100 % 100;
    if (constexpr std::string_view sanitizers = GATEPOST_SANITIZERS; !sanitizers.empty())
        out << ", sanitizers " << sanitizers;
    out << '\n';
    std::string_view libraries = GATEPOST_LIBRARIES;
    while (!libraries.empty()) {
        const auto end = libraries.find('|');
        out << libraries.substr(0, end) << '\n';
        libraries = end == std::string_view::npos ? std::string_view() : libraries.substr(end + 1);
    }
    out << "CLI11 " << CLI11_VERSION << '\n';
    return exit_fine;
}

}  // namespace gatepost::server::cli
