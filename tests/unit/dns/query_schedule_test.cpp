#include "dns/query_schedule.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;

struct Case {
    std::string what;
    std::size_t servers;
    std::size_t first;
    milliseconds bound;
    std::string events;  // of each step: t timed out, f failed, c truncated, e format error
    std::string want;    // the steps: server, 'u' or 't', '-' where without EDNS, milliseconds
};

// Runs the schedule; a step that times out takes all of its time, any other none.
std::string run(const Case& c) {
    QuerySchedule schedule(c.servers, c.first, c.bound);
    milliseconds elapsed{0};
    std::string got;
    for (std::size_t i = 0;; ++i) {
        const auto step = schedule.next(elapsed);
        if (!step) return got + "end";
        got += std::to_string(step->server) + (step->transport == Transport::udp ? 'u' : 't') +
               (step->edns ? "" : "-") + std::to_string(step->timeout.count()) + ' ';
        if (i == c.events.size()) return got + "more";
        switch (c.events[i]) {
            case 't':
                elapsed += step->timeout;
                schedule.report(StepResult::timed_out);
                break;
            case 'f':
                schedule.report(StepResult::failed);
                break;
            case 'c':
                schedule.report(StepResult::truncated);
                break;
            default:
                schedule.report(StepResult::format_error);
        }
    }
}

TEST(QuerySchedule, says_whom_to_ask_next) {
    const Case cases[] = {
        {"no servers", 0, 0, milliseconds(5000), "", "end"},
        {"one silent server: three tries fill the bound", 1, 0, milliseconds(7000), "ttt",
         "0u1000 0u2000 0u4000 end"},
        {"two silent servers take turns", 2, 0, milliseconds(6000), "tttt",
         "0u1000 1u1000 0u2000 1u2000 end"},
        {"the first may be another", 3, 2, milliseconds(9000), "tt", "2u1000 0u1000 1u1000 more"},
        {"who failed is not asked again", 2, 0, milliseconds(6000), "ftt", "0u1000 1u1000 1u2000 end"},
        {"all failed", 2, 0, milliseconds(6000), "ff", "0u1000 1u1000 end"},
        {"truncated: TCP to the same server", 2, 0, milliseconds(6000), "ct", "0u1000 0t1000 1u1000 more"},
        {"truncated over TCP is a failure", 1, 0, milliseconds(7000), "cc", "0u1000 0t1000 end"},
        {"format error: once without EDNS", 1, 0, milliseconds(7000), "ee", "0u1000 0u-1000 end"},
        {"format error, then truncated", 1, 0, milliseconds(7000), "ec", "0u1000 0u-1000 0t-1000 more"},
        {"a small bound is never passed", 2, 0, milliseconds(250), "tt", "0u200 1u50 end"},
        {"nothing left to wait", 1, 0, milliseconds(0), "", "end"},
    };
    for (const Case& c : cases)
        EXPECT_EQ(run(c), c.want) << c.what;
}

}  // namespace
}  // namespace gatepost::dns
