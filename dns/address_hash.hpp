// The hash of tables whose keys are addresses. There is no std::hash of an address on purpose: strangers
// choose theirs (of a /64 of IPv6 as they like), and could choose them to collide in a table of a known hash.
#pragma once

#include "dns/ip_address.hpp"
#include "dns/keyed_hash.hpp"

#include <cstddef>
#include <string_view>

namespace gatepost::dns {

struct AddressHash {
    HashKey key{};  // drawn at start

    std::size_t operator()(const IpAddress& address) const {
        const auto& octets = address.octets();
        const std::size_t length = address.is_v4() ? 4 : octets.size();
        return keyed_hash(key, std::string_view(reinterpret_cast<const char*>(octets.data()), length));
    }
};

}  // namespace gatepost::dns
