#include "dns/resolv_conf.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <fstream>

namespace gatepost::dns {
namespace {

constexpr std::size_t max_servers = 3;          // resolv.conf(5): MAXNS
constexpr std::streamsize max_octets = 65'536;  // local: the file has a few lines

// The address of a "nameserver" line; nullopt for any other line.
std::optional<IpAddress> nameserver_of(std::string_view line) {
    constexpr std::string_view keyword = "nameserver";
    if (!line.starts_with(keyword)) return std::nullopt;  // it begins in the first column
    line.remove_prefix(keyword.size());
    if (line.empty() || !ascii::is_wsp(line.front())) return std::nullopt;
    line = ascii::trim(line);
    return IpAddress::parse(line.substr(0, line.find_first_of(" \t#;")));
}

}  // namespace

std::vector<ServerAddress> parse_resolv_conf(std::string_view text) {
    std::vector<ServerAddress> servers;
    while (!text.empty() && servers.size() < max_servers) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (const auto address = nameserver_of(line)) servers.push_back(ServerAddress{*address});
    }
    if (servers.empty()) servers.push_back(ServerAddress{IpAddress::v4({127, 0, 0, 1})});
    return servers;
}

std::vector<ServerAddress> read_resolv_conf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(max_octets), '\0');
    file.read(text.data(), max_octets);
    text.resize(static_cast<std::size_t>(file.gcount()));
    return parse_resolv_conf(text);
}

}  // namespace gatepost::dns
