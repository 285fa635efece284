// IP addresses and networks as values, and the names under which the DNS knows them. IPv4-mapped IPv6
// addresses become IPv4 at the door, so that one client has one spelling (RFC 7208 §5 asks it of <ip>).
#pragma once

#include "dns/domain_name.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::dns {

class IpAddress {
  public:
    IpAddress() = default;  // 0.0.0.0
    static IpAddress v4(std::array<std::uint8_t, 4> octets);
    static IpAddress v6(std::array<std::uint8_t, 16> octets);
    // Dotted quad or RFC 4291 §2.2 text, without zone or brackets; nullopt for anything else.
    static std::optional<IpAddress> parse(std::string_view text);

    bool is_v4() const { return v4_; }
    bool is_v6() const { return !v4_; }
    unsigned bits() const { return v4_ ? 32 : 128; }
    // Network order; of an IPv4 address the first four count.
    const std::array<std::uint8_t, 16>& octets() const { return octets_; }
    // Dotted quad, or the canonical text of RFC 5952.
    std::string text() const;
    // The name of its PTR record, below in-addr.arpa or ip6.arpa (RFC 1035 §3.5, RFC 3596 §2.5).
    DomainName reverse_name() const;
    bool is_loopback() const;

    friend bool operator==(const IpAddress&, const IpAddress&) = default;
    friend std::strong_ordering operator<=>(const IpAddress&, const IpAddress&) = default;

  private:
    bool v4_ = true;
    std::array<std::uint8_t, 16> octets_{};
};

// An address and a prefix length, host bits cleared.
class IpNetwork {
  public:
    IpNetwork() = default;
    // The prefix is cut to the address's own width.
    IpNetwork(IpAddress address, unsigned prefix);
    // "192.0.2.0/24", "2001:db8::/32", or an address alone; nullopt otherwise. Host bits may be set.
    static std::optional<IpNetwork> parse(std::string_view text);

    bool contains(const IpAddress& address) const;
    const IpAddress& address() const { return address_; }
    unsigned prefix() const { return prefix_; }
    std::string text() const;

    friend bool operator==(const IpNetwork&, const IpNetwork&) = default;

  private:
    IpAddress address_;
    unsigned prefix_ = 32;
};

}  // namespace gatepost::dns
