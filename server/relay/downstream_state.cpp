#include "server/relay/downstream_state.hpp"

namespace gatepost::server::relay {
namespace {

constexpr std::uint8_t size_bit = 1;
constexpr std::uint8_t eight_bit_mime_bit = 2;
constexpr std::uint8_t smtputf8_bit = 4;
constexpr std::uint8_t dsn_bit = 8;
constexpr std::uint8_t requiretls_bit = 16;

}  // namespace

DownstreamState::DownstreamState(std::size_t destinations)
    : count_(destinations), destinations_(std::make_unique<Destination[]>(destinations)) {}

void DownstreamState::spoke(std::size_t destination, const Capabilities& capabilities) {
    const unsigned bits = (capabilities.size ? size_bit : 0U) |
                          (capabilities.eight_bit_mime ? eight_bit_mime_bit : 0U) |
                          (capabilities.smtputf8 ? smtputf8_bit : 0U) | (capabilities.dsn ? dsn_bit : 0U) |
                          (capabilities.requiretls ? requiretls_bit : 0U);
    destinations_[destination].extensions = static_cast<std::uint8_t>(bits);
    destinations_[destination].reachable = true;
}

void DownstreamState::was_unreachable(std::size_t destination) {
    destinations_[destination].reachable = false;
}

smtp::OfferedExtensions DownstreamState::offered() const {
    unsigned common = size_bit | eight_bit_mime_bit | smtputf8_bit | dsn_bit | requiretls_bit;
    for (std::size_t i = 0; i < count_; ++i)
        common &= destinations_[i].extensions.load();
    smtp::OfferedExtensions offered;
    offered.size = (common & size_bit) != 0;
    offered.eight_bit_mime = (common & eight_bit_mime_bit) != 0;
    offered.smtputf8 = (common & smtputf8_bit) != 0;
    offered.dsn = (common & dsn_bit) != 0;
    offered.requiretls = (common & requiretls_bit) != 0;
    return offered;
}

bool DownstreamState::is_any_reachable() const {
    for (std::size_t i = 0; i < count_; ++i)
        if (destinations_[i].reachable) return true;
    return false;
}

}  // namespace gatepost::server::relay
