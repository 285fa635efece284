#include "server/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace gatepost::server {
namespace {

// local: a quarter of them, and more than the database, the listeners and the resolver's sockets need.
constexpr std::size_t reserved_share = 4;
constexpr std::size_t reserved_at_least = 100;

}  // namespace

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return static_cast<std::size_t>(raised.rlim_cur);
    return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t sessions_within(std::size_t descriptors, std::size_t configured) {
    const std::size_t reserved = std::max(descriptors / reserved_share, reserved_at_least);
    const std::size_t room = descriptors > reserved ? descriptors - reserved : 1;
    return std::min(configured, room);
}

}  // namespace gatepost::server
