#include "dns/random_source.hpp"

#include <sys/random.h>

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

}  // namespace gatepost::dns
