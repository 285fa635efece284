#include "server/listening_sockets.hpp"

#include "server/socket_address.hpp"

#include "dns/ascii.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace gatepost::server {
namespace {

constexpr int backlog = 1024;      // local: bursts while the workers are busy
constexpr int first_passed = 3;    // sd_listen_fds(3): SD_LISTEN_FDS_START
constexpr int most_passed = 1000;  // local: a service has a handful
constexpr std::size_t max_digits = 10;

std::string text_of(const dns::IpAddress& address, std::uint16_t port) {
    return address.text() + " port " + std::to_string(port);
}

// Of a socket that listens to TCP; empty for anything else. "::" is written as it is, though such a socket
// may take IPv4 as well.
std::string address_text_of(int descriptor) {
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) return {};
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &length) != 0) return {};
    if (bound.ss_family != AF_INET && bound.ss_family != AF_INET6) return {};
    return text_of(address_of(bound), port_of(bound));
}

// The value of a variable of the environment as a number, and the variable gone.
int take_number(const char* name) {
    const char* const value = std::getenv(name);
    const int number = value == nullptr ? 0 : ascii::parse_decimal<int>(value, max_digits).value_or(0);
    ::unsetenv(name);
    return number;
}

sockaddr_storage socket_address(const dns::IpAddress& address, std::uint16_t port, socklen_t& length) {
    sockaddr_storage storage{};
    if (address.is_v4()) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, address.octets().data(), sizeof v4.sin_addr);
        length = sizeof v4;
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(&v6.sin6_addr, address.octets().data(), sizeof v6.sin6_addr);
        length = sizeof v6;
    }
    return storage;
}

ListeningSocket bind_socket(const dns::IpAddress& address, std::uint16_t port, std::error_code& error) {
    socklen_t length = 0;
    const sockaddr_storage bound = socket_address(address, port, length);
    ListeningSocket socket(::socket(bound.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    const int descriptor = socket.descriptor();
    // A wildcard address of IPv6 takes IPv6 alone: 0.0.0.0 is a listener of its own.
    const bool failed =
        descriptor < 0 || ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (address.is_v6() && ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        ::bind(descriptor, reinterpret_cast<const sockaddr*>(&bound), length) != 0 ||
        ::listen(descriptor, backlog) != 0;
    if (!failed) return socket;
    error.assign(errno, std::generic_category());
    return {};
}

}  // namespace

ListeningSocket::~ListeningSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

ListeningSockets::ListeningSockets() {
    const int pid = take_number("LISTEN_PID");
    const int count = take_number("LISTEN_FDS");
    ::unsetenv("LISTEN_FDNAMES");
    if (pid != ::getpid()) return;
    for (int descriptor = first_passed; descriptor < first_passed + std::min(count, most_passed);
         ++descriptor) {
        ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
        std::string address = address_text_of(descriptor);
        if (address.empty())
            address = "descriptor " + std::to_string(descriptor) + ", which does not listen to TCP";
        passed_.push_back({ListeningSocket(descriptor), std::move(address)});
    }
}

ListeningSocket ListeningSockets::open(const dns::IpAddress& address, std::uint16_t port,
                                       std::error_code& error) {
    const std::string wanted = text_of(address, port);
    const auto found = std::find_if(passed_.begin(), passed_.end(),
                                    [&](const Passed& passed) { return passed.address == wanted; });
    if (found == passed_.end()) return bind_socket(address, port, error);
    ListeningSocket socket = std::move(found->socket);
    passed_.erase(found);
    return socket;
}

std::vector<std::string> ListeningSockets::unclaimed() const {
    std::vector<std::string> addresses;
    for (const Passed& passed : passed_)
        addresses.push_back(passed.address);
    return addresses;
}

}  // namespace gatepost::server
