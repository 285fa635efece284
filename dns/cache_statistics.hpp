// What the cache counts, for metrics.
#pragma once

#include "dns/answer.hpp"
#include "dns/record.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatepost::dns {

// How questions to the upstream ended, by type: the outcome's word, or the trouble's.
class QuestionCounts {
  public:
    static constexpr std::array types{RrType::a,  RrType::aaaa, RrType::cname, RrType::mx,
                                      RrType::ns, RrType::ptr,  RrType::soa,   RrType::txt};
    // The three outcomes that are answers, then the kinds of trouble.
    static constexpr std::size_t results = 3 + static_cast<std::size_t>(Trouble::unspecified) + 1;
    static std::string_view result_name(std::size_t result);

    void add(RrType type, const Answer& answer);
    void add(const QuestionCounts& others);
    std::uint64_t of(std::size_t type, std::size_t result) const { return counts_[type][result]; }

  private:
    std::array<std::array<std::uint64_t, results>, types.size()> counts_{};
};

// A histogram of how long questions to the upstream took.
struct LatencyCounts {
    static constexpr std::array<std::chrono::milliseconds, 11> bounds{
        std::chrono::milliseconds(1),    std::chrono::milliseconds(5),   std::chrono::milliseconds(10),
        std::chrono::milliseconds(25),   std::chrono::milliseconds(50),  std::chrono::milliseconds(100),
        std::chrono::milliseconds(250),  std::chrono::milliseconds(500), std::chrono::milliseconds(1000),
        std::chrono::milliseconds(2500), std::chrono::milliseconds(5000)};
    std::array<std::uint64_t, bounds.size() + 1> buckets{};  // each up to its bound, the last beyond them all
    std::chrono::microseconds sum{0};

    void add(std::chrono::microseconds latency);
    void add(const LatencyCounts& others);
};

struct CacheStatistics {
    std::uint64_t queries = 0;        // questions asked of the cache
    std::uint64_t cache_hits = 0;     // answered from it
    std::uint64_t joins = 0;          // waited for one already on its way
    std::uint64_t failures = 0;       // questions to the upstream that ended in temp_error
    std::uint64_t prefetches = 0;     // asked anew before the answer expired
    std::uint64_t stale_answers = 0;  // given past their time
    std::uint64_t evictions = 0;
    std::size_t entries = 0;
    std::size_t octets = 0;    // of the entries
    std::size_t capacity = 0;  // in octets
    std::size_t in_flight = 0;
    QuestionCounts questions;
    LatencyCounts latency;
};

}  // namespace gatepost::dns
