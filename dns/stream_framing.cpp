#include "dns/stream_framing.hpp"

namespace gatepost::dns {

void append_framed(std::vector<std::uint8_t>& out, Octets message) {
    out.push_back(static_cast<std::uint8_t>(message.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(message.size()));
    out.insert(out.end(), message.begin(), message.end());
}

void FrameReader::put(Octets octets) {
    // Taken messages go once for each portion, so that no octet is moved more often than it came in company.
    octets_.erase(octets_.begin(), octets_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    octets_.insert(octets_.end(), octets.begin(), octets.end());
}

std::optional<std::vector<std::uint8_t>> FrameReader::take() {
    constexpr std::size_t head = 2;
    const Octets rest = Octets(octets_).subspan(taken_);
    if (rest.size() < head) return std::nullopt;
    const std::size_t size = read_16_bits(rest, 0);
    if (rest.size() - head < size) return std::nullopt;
    const Octets message = rest.subspan(head, size);
    taken_ += head + size;
    return std::vector<std::uint8_t>(message.begin(), message.end());
}

}  // namespace gatepost::dns
