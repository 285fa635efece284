#include "server/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace gatepost::server {
namespace {

// local: a quarter of them, and more than the database, the listeners and the resolver's sockets need.
constexpr std::size_t reserved_share = 4;
constexpr std::size_t reserved_at_least = 100;
// local: of the reserve, two fifths each for the resolver and the downstream, a fifth for all else.
constexpr std::size_t parts_of_reserve = 5;
constexpr std::size_t parts_of_resolver = 2;
constexpr std::size_t parts_of_downstream = 2;
// local: some hundred questions a second that take ten seconds each; beyond it ports are what gets scarce.
constexpr std::size_t resolver_at_most = 4096;

std::size_t reserved_of(std::size_t descriptors) {
    return std::max(descriptors / reserved_share, reserved_at_least);
}

}  // namespace

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return static_cast<std::size_t>(raised.rlim_cur);
    return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t sessions_within(std::size_t descriptors, std::size_t configured) {
    const std::size_t reserved = reserved_of(descriptors);
    const std::size_t room = descriptors > reserved ? descriptors - reserved : 1;
    return std::min(configured, room);
}

std::size_t resolver_sockets_within(std::size_t descriptors) {
    return std::min(reserved_of(descriptors) * parts_of_resolver / parts_of_reserve, resolver_at_most);
}

std::size_t downstream_within(std::size_t descriptors, std::size_t configured) {
    return std::min(reserved_of(descriptors) * parts_of_downstream / parts_of_reserve, configured);
}

}  // namespace gatepost::server
