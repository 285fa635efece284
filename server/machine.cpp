#include "server/machine.hpp"

#include "server/socket_address.hpp"

#include "dns/ascii.hpp"

#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

namespace gatepost::server {
namespace {

using std::filesystem::path;

constexpr unsigned route_has_gateway = 2;  // linux/route.h: RTF_GATEWAY

std::string content_of(const char* file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) return words;
        line.remove_prefix(begin);
        const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

template <typename Take>
void each_line(std::string_view text, Take take) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        take(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::optional<std::uint32_t> hexadecimal(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
}

std::vector<dns::IpAddress> interface_addresses() {
    std::vector<dns::IpAddress> found;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return found;
    for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
        if (item->ifa_addr == nullptr) continue;
        const int family = item->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        sockaddr_storage stored{};
        std::memcpy(&stored, item->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        found.push_back(address_of(stored));
    }
    ::freeifaddrs(list);
    return found;
}

// In a child that becomes the user, so that groups, access lists and folders count as they will. Its answer
// is an octet a file.
[[noreturn]] void answer_as(const passwd& user, gid_t group, const std::vector<path>& files, int to) {
    const bool is_user = ::initgroups(user.pw_name, group) == 0 && ::setresgid(group, group, group) == 0 &&
                         ::setresuid(user.pw_uid, user.pw_uid, user.pw_uid) == 0;
    for (const path& file : files) {
        const int descriptor = is_user ? ::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY) : -1;
        const char answer = is_user && descriptor < 0 && errno == EACCES ? 'n' : 'y';
        if (descriptor >= 0) ::close(descriptor);
        if (::write(to, &answer, 1) != 1) break;
    }
    ::_exit(0);
}

std::vector<path> unreadable_files(const std::string& user, const std::string& group,
                                   const std::vector<path>& files) {
    const passwd* const entry = ::geteuid() == 0 ? ::getpwnam(user.c_str()) : nullptr;
    if (entry == nullptr || entry->pw_uid == 0) return {};
    gid_t group_id = entry->pw_gid;
    if (const ::group* const given = group.empty() ? nullptr : ::getgrnam(group.c_str()))
        group_id = given->gr_gid;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
    const pid_t child = ::fork();
    if (child == 0) answer_as(*entry, group_id, files, ends[1]);
    ::close(ends[1]);
    std::vector<path> unreadable;
    char answer = 'y';
    for (std::size_t i = 0; child > 0 && i < files.size() && ::read(ends[0], &answer, 1) == 1; ++i)
        if (answer == 'n') unreadable.push_back(files[i]);
    ::close(ends[0]);
    if (child > 0) ::waitpid(child, nullptr, 0);
    return unreadable;
}

}  // namespace

std::vector<Machine::Gateway> read_gateways(std::string_view routes, std::string_view routes6) {
    std::vector<Machine::Gateway> gateways;
    // Interface, destination, gateway, flags …: numbers in hexadecimal, addresses as this machine keeps
    // integers.
    each_line(routes, [&](std::string_view line) {
        const auto words = words_of(line);
        if (words.size() < 4) return;
        const auto gateway = hexadecimal(words[2]);
        const auto flags = hexadecimal(words[3]);
        if (!gateway || !flags || (*flags & route_has_gateway) == 0) return;
        gateways.push_back({dns::IpAddress::v4(std::bit_cast<std::array<std::uint8_t, 4>>(*gateway)),
                            std::string(words[0])});
    });
    // Destination, its prefix, source, its prefix, gateway, metric, references, uses, flags, interface.
    each_line(routes6, [&](std::string_view line) {
        const auto words = words_of(line);
        if (words.size() < 10 || words[4].size() != 32) return;
        const auto flags = hexadecimal(words[8]);
        if (!flags || (*flags & route_has_gateway) == 0) return;
        std::array<std::uint8_t, 16> octets{};
        for (std::size_t i = 0; i < octets.size(); ++i) {
            const auto octet = hexadecimal(words[4].substr(2 * i, 2));
            if (!octet) return;
            octets[i] = static_cast<std::uint8_t>(*octet);
        }
        gateways.push_back({dns::IpAddress::v6(octets), std::string(words[9])});
    });
    return gateways;
}

std::vector<dns::IpAddress> read_hosts(std::string_view lines, std::string_view host) {
    std::vector<dns::IpAddress> found;
    each_line(lines, [&](std::string_view line) {
        const auto words = words_of(line.substr(0, line.find('#')));
        const auto address = words.empty() ? std::nullopt : dns::IpAddress::parse(words[0]);
        for (std::size_t i = 1; address && i < words.size(); ++i)
            if (ascii::equals_ignoring_case(words[i], host)) found.push_back(*address);
    });
    return found;
}

Machine this_machine() {
    Machine machine;
    machine.addresses = interface_addresses();
    machine.gateways = read_gateways(content_of("/proc/net/route"), content_of("/proc/net/ipv6_route"));
    machine.has_user = [](const std::string& user) {
        return ::getpwnam(user.c_str()) != nullptr;
    };
    machine.has_group = [](const std::string& group) {
        return ::getgrnam(group.c_str()) != nullptr;
    };
    machine.hosts = [](std::string_view host) {
        return read_hosts(content_of("/etc/hosts"), host);
    };
    machine.unreadable = unreadable_files;
    return machine;
}

}  // namespace gatepost::server
