// Where the resolver's identifiers and source ports come from (RFC 5452 §4.5: they must not be guessable).
// Handed in by the caller, so that tests know what will be drawn.
#pragma once

#include <cstdint>
#include <span>

namespace gatepost::dns {

class RandomSource {
  public:
    virtual ~RandomSource() = default;
    virtual void fill(std::span<std::uint8_t> octets) = 0;

    std::uint16_t draw_16_bits() {
        std::uint8_t octets[2] = {};
        fill(octets);
        return static_cast<std::uint16_t>(octets[0] << 8 | octets[1]);
    }
};

// The kernel's generator, getrandom(2). Holds nothing, so that threads may share one.
class SystemRandomSource final : public RandomSource {
  public:
    // Throws std::system_error where the kernel has no generator: nothing can be asked safely then.
    void fill(std::span<std::uint8_t> octets) override;
};

}  // namespace gatepost::dns
