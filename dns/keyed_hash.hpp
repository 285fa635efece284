// SipHash-2-4 (Aumasson and Bernstein, 2012): a hash that nobody can find collisions of who does not know the
// key. For tables whose keys strangers choose, as the names in mail are.
#pragma once

#include "dns/random_source.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace gatepost::dns {

// Drawn at start, told to nobody.
using HashKey = std::array<std::uint64_t, 2>;

HashKey draw_hash_key(RandomSource& random);

std::uint64_t keyed_hash(const HashKey& key, std::string_view octets);

}  // namespace gatepost::dns
