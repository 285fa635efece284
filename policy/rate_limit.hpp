// policy.rate_limits: how many messages one client may send that meet a condition. Who counts them is the
// server; here is only what the operator says.
#pragma once

#include "policy/condition.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace gatepost::policy {

struct RateLimit {
    std::string id;
    Condition when;
    std::size_t messages = 1;
    std::chrono::milliseconds per{std::chrono::hours(1)};
    friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

}  // namespace gatepost::policy
