// The families of metrics that tell of the resolver.
#pragma once

#include "server/metrics.hpp"

#include <prometheus/metric_family.h>

#include <vector>

namespace gatepost::server::http {

void add_dns_families(const DnsCounts& counts, std::vector<prometheus::MetricFamily>& families);

}  // namespace gatepost::server::http
