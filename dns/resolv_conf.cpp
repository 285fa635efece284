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

// Whether the line is an "options" line with "trust-ad" among them.
bool trusts_ad(std::string_view line) {
    constexpr std::string_view keyword = "options";
    constexpr std::string_view blank = " \t\r";
    if (!line.starts_with(keyword)) return false;
    line.remove_prefix(keyword.size());
    if (line.empty() || !ascii::is_wsp(line.front())) return false;
    for (;;) {
        line.remove_prefix(std::min(line.size(), line.find_first_not_of(blank)));
        if (line.empty()) return false;
        const std::string_view word = line.substr(0, line.find_first_of(blank));
        if (word == "trust-ad") return true;
        line.remove_prefix(word.size());
    }
}

}  // namespace

std::vector<ServerAddress> parse_resolv_conf(std::string_view text) {
    std::vector<ServerAddress> servers;
    bool trust_ad = false;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        trust_ad = trust_ad || trusts_ad(line);
        const auto address = servers.size() < max_servers ? nameserver_of(line) : std::nullopt;
        if (!address) continue;
        servers.emplace_back();
        servers.back().address = *address;
    }
    if (servers.empty()) {
        servers.emplace_back();
        servers.back().address = IpAddress::v4({127, 0, 0, 1});
    }
    for (ServerAddress& server : servers)
        server.trust_ad = trust_ad;
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
