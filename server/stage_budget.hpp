// What the lookups of one stage of a message may cost: the same for the server and for `gatepost verify`, so
// that both come to the same result.
#pragma once

#include "dns/budgeted_resolver.hpp"

#include <chrono>
#include <cstddef>

namespace gatepost::server {

inline constexpr std::size_t stage_queries =
    300;  // local: SPF at its limits asks about 220 (RFC 7208 §4.6.4)
inline constexpr auto stage_time = std::chrono::seconds(20);  // RFC 7208 §4.6.4: at least 20 seconds

inline dns::QueryBudget stage_budget() {
    return {stage_queries, std::chrono::steady_clock::now() + stage_time};
}

}  // namespace gatepost::server
