// The counters in Prometheus' text format 0.0.4 (PRODUCT.md, /metrics).
#pragma once

#include "server/metrics.hpp"

#include <string>

namespace gatepost::server::http {

inline constexpr const char* prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

std::string prometheus_text(const MetricsSnapshot& snapshot);

}  // namespace gatepost::server::http
