// Whose doing something counts as: a client is an IPv4 address or an IPv6 /64 (whoever has one address of a
// /64 has them all), a network an IPv4 /24 or an IPv6 /48 (local: what one customer of a provider gets).
#pragma once

#include "dns/ip_address.hpp"

namespace gatepost::dns {

IpAddress client_of(const IpAddress& address);
IpAddress network_of(const IpAddress& address);
// The IPv4 /16 or IPv6 /32: what a provider gets, whose networks are many.
IpAddress provider_of(const IpAddress& address);

}  // namespace gatepost::dns
