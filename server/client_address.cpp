#include "server/client_address.hpp"

namespace gatepost::server {
namespace {

constexpr unsigned ipv6_client_prefix = 64;
constexpr unsigned ipv4_network_prefix = 24;
constexpr unsigned ipv6_network_prefix = 48;

}  // namespace

dns::IpAddress client_of(const dns::IpAddress& address) {
    return address.is_v4() ? address : dns::IpNetwork(address, ipv6_client_prefix).address();
}

dns::IpAddress network_of(const dns::IpAddress& address) {
    return dns::IpNetwork(address, address.is_v4() ? ipv4_network_prefix : ipv6_network_prefix).address();
}

}  // namespace gatepost::server
