// What one exchange with one server came to, over whatever transport.
#pragma once

#include "dns/query_schedule.hpp"
#include "dns/wire_codec.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::dns {

struct ExchangeResult {
    enum class Kind { replied, timed_out, failed, cancelled };
    Kind kind = Kind::failed;
    std::vector<std::uint8_t> message;  // replied: matched by reply_matcher, not yet decoded
    std::string detail;                 // failed: why, for people
};

}  // namespace gatepost::dns
