#include "server/socket_address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace gatepost::server {

dns::IpAddress address_of(const sockaddr_storage& stored) {
    if (stored.ss_family == AF_INET6) {
        std::array<std::uint8_t, 16> octets{};
        std::memcpy(octets.data(), &reinterpret_cast<const sockaddr_in6&>(stored).sin6_addr, octets.size());
        return dns::IpAddress::v6(octets);
    }
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &reinterpret_cast<const sockaddr_in&>(stored).sin_addr, octets.size());
    return dns::IpAddress::v4(octets);
}

std::uint16_t port_of(const sockaddr_storage& stored) {
    if (stored.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(stored).sin6_port);
    return ntohs(reinterpret_cast<const sockaddr_in&>(stored).sin_port);
}

}  // namespace gatepost::server
