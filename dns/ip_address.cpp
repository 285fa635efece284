#include "dns/ip_address.hpp"

#include "dns/ascii.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace gatepost::dns {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0,    0,
                                                     0, 0, 0, 0, 0xff, 0xff};  // RFC 4291 §2.5.5.2

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
    IpAddress address;
    std::copy(octets.begin(), octets.end(), address.octets_.begin());
    return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), octets.begin()))
        return v4({octets[12], octets[13], octets[14], octets[15]});
    IpAddress address;
    address.v4_ = false;
    address.octets_ = octets;
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
    const std::string terminated(text);
    std::array<std::uint8_t, 4> four{};
    if (inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return v4(four);
    std::array<std::uint8_t, 16> sixteen{};
    if (inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) return v6(sixteen);
    return std::nullopt;
}

std::string IpAddress::text() const {
    if (v4_) {
        std::string text = std::to_string(octets_[0]);
        for (std::size_t i = 1; i < 4; ++i)
            text.append(1, '.').append(std::to_string(octets_[i]));
        return text;
    }
    char buffer[INET6_ADDRSTRLEN] = {};
    inet_ntop(AF_INET6, octets_.data(), buffer, sizeof buffer);
    return buffer;
}

DomainName IpAddress::reverse_name() const {
    constexpr char hex[] = "0123456789abcdef";
    std::string name;
    if (v4_) {
        for (std::size_t i = 4; i-- > 0;)
            name += std::to_string(octets_[i]) + '.';
        name += "in-addr.arpa";
    } else {
        for (std::size_t i = octets_.size(); i-- > 0;) {
            name += hex[octets_[i] & 0x0f];
            name += '.';
            name += hex[octets_[i] >> 4];
            name += '.';
        }
        name += "ip6.arpa";
    }
    return *DomainName::parse(name);
}

bool IpAddress::is_loopback() const {
    if (v4_) return octets_[0] == 127;
    return std::all_of(octets_.begin(), octets_.end() - 1, [](auto octet) { return octet == 0; }) &&
           octets_.back() == 1;
}

IpNetwork::IpNetwork(IpAddress address, unsigned prefix) : prefix_(std::min(prefix, address.bits())) {
    std::array<std::uint8_t, 16> octets = address.octets();
    for (unsigned bit = prefix_; bit < address.bits(); ++bit)
        octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] & ~(0x80U >> (bit % 8)));

    address_ =
        address.is_v4() ? IpAddress::v4({octets[0], octets[1], octets[2], octets[3]}) : IpAddress::v6(octets);
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return IpNetwork(*address, address->bits());
    const auto prefix = ascii::parse_decimal<unsigned>(text.substr(slash + 1), 3);
    if (!prefix || *prefix > address->bits()) return std::nullopt;
    return IpNetwork(*address, *prefix);
}

bool IpNetwork::contains(const IpAddress& address) const {
    if (address.is_v4() != address_.is_v4()) return false;
    const unsigned whole = prefix_ / 8;
    const unsigned rest = prefix_ % 8;
    const auto& mine = address_.octets();
    const auto& other = address.octets();
    if (!std::equal(mine.begin(), mine.begin() + whole, other.begin())) return false;
    if (rest == 0) return true;
    const unsigned mask = 0xffU << (8 - rest);
    return ((mine[whole] ^ other[whole]) & mask & 0xffU) == 0;
}

std::string IpNetwork::text() const {
    return address_.text() + '/' + std::to_string(prefix_);
}

}  // namespace gatepost::dns
