// Where the resolver's identifiers, source ports and cookies come from (RFC 5452 §4.5: they must not be
// guessable). Handed in by the caller, so that tests know what will be drawn.
#pragma once

#include <array>
#include <cstddef>
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

// Draws from another source in larger portions, as each query wants a few octets and a system call costs as
// much as encoding one. Of one thread; no octet is handed out twice, nor kept once it is.
class BufferedRandomSource final : public RandomSource {
  public:
    explicit BufferedRandomSource(RandomSource& source) : source_(source) {}
    void fill(std::span<std::uint8_t> octets) override;

  private:
    RandomSource& source_;
    std::array<std::uint8_t, 512> drawn_{};
    std::size_t used_ = drawn_.size();
};

}  // namespace gatepost::dns
