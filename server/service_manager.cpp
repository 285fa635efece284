#include "server/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace gatepost::server {
namespace {

constexpr std::size_t max_status_octets = 512;  // local: a line or two on a terminal

// sd_notify(3): the moment of the reload by the monotonic clock, so that an older READY is not taken for it.
std::string monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000);
}

}  // namespace

ServiceManager::ServiceManager() {
    if (const char* const path = std::getenv("NOTIFY_SOCKET")) socket_ = path;
    ::unsetenv("NOTIFY_SOCKET");
}

void ServiceManager::tell_ready(std::string_view status) const {
    std::string state = "READY=1\nSTATUS=";
    for (const char c : status.substr(0, max_status_octets))
        state += static_cast<unsigned char>(c) < ' ' ? ' ' : c;  // a line break would begin a variable
    tell(state);
}

void ServiceManager::tell_reloading() const {
    tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void ServiceManager::tell_stopping() const {
    tell("STOPPING=1");
}

// Whether it arrives is the manager's affair: mail goes on without it.
void ServiceManager::tell(const std::string& state) const {
    sockaddr_un address{};
    if (socket_.size() < 2 || socket_.size() >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_.front() == '@') address.sun_path[0] = '\0';  // unix(7): an abstract address
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return;
    ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&address), length);
    ::close(descriptor);
}

}  // namespace gatepost::server
