// DNS messages on a stream of octets, TCP's or TLS's: two octets of length before each (RFC 1035 §4.2.2, RFC
// 7766 §8). Pure.
#pragma once

#include "dns/wire_message.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace gatepost::dns {

// Puts the message, of at most 65535 octets, behind what `out` holds.
void append_framed(std::vector<std::uint8_t>& out, Octets message);

// Takes octets in whatever portions they come, and gives whole messages. Holds no more than what was put in
// and not yet taken out.
class FrameReader {
  public:
    void put(Octets octets);
    // The next whole message; nullopt: its octets have not all come. Take them out until then.
    std::optional<std::vector<std::uint8_t>> take();
    // Whether a message has begun.
    bool pending() const { return taken_ < octets_.size(); }

  private:
    std::vector<std::uint8_t> octets_;
    std::size_t taken_ = 0;
};

}  // namespace gatepost::dns
