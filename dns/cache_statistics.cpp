#include "dns/cache_statistics.hpp"

#include <algorithm>

namespace gatepost::dns {
namespace {

constexpr auto first_trouble = static_cast<std::size_t>(Outcome::temp_error);
static_assert(first_trouble == 3);

}  // namespace

std::string_view QuestionCounts::result_name(std::size_t result) {
    switch (result) {
        case static_cast<std::size_t>(Outcome::success):
            return "success";
        case static_cast<std::size_t>(Outcome::no_data):
            return "no_data";
        case static_cast<std::size_t>(Outcome::nx_domain):
            return "nx_domain";
        default:
            return to_string(static_cast<Trouble>(result - first_trouble));
    }
}

void QuestionCounts::add(RrType type, const Answer& answer) {
    const auto place = std::find(types.begin(), types.end(), type);
    if (place == types.end()) return;
    const std::size_t result = answer.failed() ? first_trouble + static_cast<std::size_t>(answer.trouble)
                                               : static_cast<std::size_t>(answer.outcome);
    ++counts_[static_cast<std::size_t>(place - types.begin())][result];
}

void QuestionCounts::add(const QuestionCounts& others) {
    for (std::size_t type = 0; type < types.size(); ++type)
        for (std::size_t result = 0; result < results; ++result)
            counts_[type][result] += others.counts_[type][result];
}

void LatencyCounts::add(std::chrono::microseconds latency) {
    const auto bucket =
        std::find_if(bounds.begin(), bounds.end(), [&](auto bound) { return latency <= bound; });
    ++buckets[static_cast<std::size_t>(bucket - bounds.begin())];
    sum += latency;
}

void LatencyCounts::add(const LatencyCounts& others) {
    for (std::size_t i = 0; i < buckets.size(); ++i)
        buckets[i] += others.buckets[i];
    sum += others.sum;
}

}  // namespace gatepost::dns
