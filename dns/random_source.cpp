#include "dns/random_source.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gatepost::dns {

void SystemRandomSource::fill(std::span<std::uint8_t> octets) {
    while (!octets.empty()) {
        const ssize_t got = getrandom(octets.data(), octets.size(), 0);
        if (got > 0) {
            octets = octets.subspan(static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
    }
}

void BufferedRandomSource::fill(std::span<std::uint8_t> octets) {
    while (!octets.empty()) {
        if (used_ == drawn_.size()) {
            source_.fill(drawn_);
            used_ = 0;
        }
        const std::size_t count = std::min(octets.size(), drawn_.size() - used_);
        const auto from = drawn_.begin() + static_cast<std::ptrdiff_t>(used_);
        std::copy_n(from, count, octets.begin());
        std::fill_n(from, count, std::uint8_t{0});
        used_ += count;
        octets = octets.subspan(count);
    }
}

}  // namespace gatepost::dns
