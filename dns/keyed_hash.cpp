#include "dns/keyed_hash.hpp"

#include <bit>
#include <cstddef>

namespace gatepost::dns {
namespace {

constexpr int compression_rounds = 2;
constexpr int finalization_rounds = 4;

// Little-endian, whatever the machine is; compilers make one load of it.
std::uint64_t read_word(const char* octets, std::size_t count) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i)
        word |= std::uint64_t{static_cast<unsigned char>(octets[i])} << (8 * i);
    return word;
}

struct State {
    std::uint64_t v0;
    std::uint64_t v1;
    std::uint64_t v2;
    std::uint64_t v3;

    explicit State(const HashKey& key)
        : v0(key[0] ^ 0x736f6d6570736575),
          v1(key[1] ^ 0x646f72616e646f6d),
          v2(key[0] ^ 0x6c7967656e657261),
          v3(key[1] ^ 0x7465646279746573) {}

    void mix(int rounds) {
        for (int i = 0; i < rounds; ++i) {
            v0 += v1;
            v2 += v3;
            v1 = std::rotl(v1, 13) ^ v0;
            v3 = std::rotl(v3, 16) ^ v2;
            v0 = std::rotl(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = std::rotl(v1, 17) ^ v2;
            v3 = std::rotl(v3, 21) ^ v0;
            v2 = std::rotl(v2, 32);
        }
    }

    void take(std::uint64_t word) {
        v3 ^= word;
        mix(compression_rounds);
        v0 ^= word;
    }
};

}  // namespace

HashKey draw_hash_key(RandomSource& random) {
    std::array<std::uint8_t, sizeof(HashKey)> drawn{};
    random.fill(drawn);
    return std::bit_cast<HashKey>(drawn);
}

std::uint64_t keyed_hash(const HashKey& key, std::string_view octets) {
    State state(key);
    std::size_t taken = 0;
    for (; octets.size() - taken >= 8; taken += 8)
        state.take(read_word(octets.data() + taken, 8));
    state.take(read_word(octets.data() + taken, octets.size() - taken) | std::uint64_t{octets.size() & 0xff}
                                                                             << 56);
    state.v2 ^= 0xff;
    state.mix(finalization_rounds);
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace gatepost::dns
