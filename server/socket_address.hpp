// An address as the kernel gives it, read.
#pragma once

#include "dns/ip_address.hpp"

#include <cstdint>

struct sockaddr_storage;

namespace gatepost::server {

// Of a socket of AF_INET or AF_INET6.
dns::IpAddress address_of(const sockaddr_storage& stored);
std::uint16_t port_of(const sockaddr_storage& stored);

}  // namespace gatepost::server
