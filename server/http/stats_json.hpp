// The counters as one JSON object (PRODUCT.md, /stats).
#pragma once

#include "server/metrics.hpp"

#include <string>

namespace gatepost::server::http {

std::string stats_json(const MetricsSnapshot& snapshot);

}  // namespace gatepost::server::http
