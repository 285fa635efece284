#include "dns/client_address.hpp"

namespace gatepost::dns {
namespace {

constexpr unsigned ipv6_client_prefix = 64;
constexpr unsigned ipv4_network_prefix = 24;
constexpr unsigned ipv6_network_prefix = 48;
constexpr unsigned ipv4_provider_prefix = 16;
constexpr unsigned ipv6_provider_prefix = 32;

}  // namespace

IpAddress client_of(const IpAddress& address) {
    return address.is_v4() ? address : IpNetwork(address, ipv6_client_prefix).address();
}

IpAddress network_of(const IpAddress& address) {
    return IpNetwork(address, address.is_v4() ? ipv4_network_prefix : ipv6_network_prefix).address();
}

IpAddress provider_of(const IpAddress& address) {
    return IpNetwork(address, address.is_v4() ? ipv4_provider_prefix : ipv6_provider_prefix).address();
}

}  // namespace gatepost::dns
