#include "dns/query_schedule.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;

// Servers: 'l' lives, 'd' seems dead, 'p' dead and to be probed, 't' over TLS alone, 'e' EDNS unknown, 'n' no
// EDNS. The next server is asked after 50 ms, the same one again after 200 ms.
std::vector<ServerOutlook> outlooks(const std::string& kinds) {
    std::vector<ServerOutlook> servers(kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        servers[i].server = i;
        servers[i].alive = kinds[i] != 'd' && kinds[i] != 'p';
        servers[i].probe = kinds[i] == 'p';
        servers[i].stream = kinds[i] == 't';
        servers[i].edns = kinds[i] == 'n' ? EdnsUse::no : kinds[i] == 'e' ? EdnsUse::unsure : EdnsUse::yes;
        servers[i].hedge_after = milliseconds(50);
        servers[i].retry_after = milliseconds(200);
    }
    return servers;
}

struct Case {
    std::string what;
    std::string servers;
    milliseconds bound;
    // Of each step in turn: '.' nothing comes, f failed, c truncated, u unproven, e format error, b bad
    // cookie; reported 10 ms after the step.
    std::string events;
    std::string want;  // the steps: time, server, 'u' or 't', '-' where without EDNS; then when it is over
};

std::string text_of(const QueryStep& step, milliseconds at) {
    return std::to_string(at.count()) + ':' + std::to_string(step.server) +
           (step.transport == Transport::udp ? 'u' : 't') + (step.edns ? "" : "-") + ' ';
}

StepResult result_of(char event) {
    switch (event) {
        case 'f':
            return StepResult::failed;
        case 'c':
            return StepResult::truncated;
        case 'u':
            return StepResult::unproven;
        case 'e':
            return StepResult::format_error;
        default:
            return StepResult::bad_cookie;
    }
}

// Runs the schedule by a clock that moves from event to event.
std::string run(const Case& c) {
    QuerySchedule schedule(outlooks(c.servers), c.bound);
    milliseconds now{0};
    std::string got;
    std::size_t steps = 0;
    std::vector<std::pair<milliseconds, std::pair<QueryStep, char>>> events;
    while (!schedule.over(now)) {
        while (const auto step = schedule.next(now)) {
            got += text_of(*step, now);
            const char event = steps < c.events.size() ? c.events[steps] : '.';
            ++steps;
            if (event != '.') events.push_back({now + milliseconds(10), {*step, event}});
        }
        milliseconds until = schedule.wake_at();
        if (!events.empty() && events.front().first <= until) {
            now = events.front().first;
            const auto [step, event] = events.front().second;
            events.erase(events.begin());
            schedule.report(step, result_of(event), now);
            continue;
        }
        EXPECT_TRUE(until > now || until >= c.bound) << c.what << ": it does not move on";
        now = until;
    }
    return got + "end " + std::to_string(now.count());
}

TEST(QuerySchedule, says_whom_to_ask_when_and_over_what) {
    const Case cases[] = {
        {"no servers", "", milliseconds(5000), "", "end 0"},
        {"one silent server: patience doubles to a second, the third try goes over TCP", "l",
         milliseconds(5000), "", "0:0u 200:0u 600:0t 1400:0u 2400:0u 3400:0u 4400:0u end 5000"},
        {"the next one is asked when the first is late, and the round begins anew", "ll", milliseconds(1000),
         "", "0:0u 50:1u 250:0u 350:1u 750:0t 950:1t end 1000"},
        {"who failed is not asked again, and the next one at once", "ll", milliseconds(1000), "f",
         "0:0u 10:1u 210:1u 610:1t end 1000"},
        {"all failed", "ll", milliseconds(1000), "ff", "0:0u 10:1u end 20"},
        {"a failure after the next was asked", "ll", milliseconds(300), "..f",
         "0:0u 50:1u 250:0u 260:1u end 300"},
        {"truncated: TCP to the same server; the others as before", "ll", milliseconds(300), "c",
         "0:0u 10:0t 50:1u 250:1u end 300"},
        {"truncated over TCP is a failure", "l", milliseconds(1000), "cc", "0:0u 10:0t end 20"},
        {"truncated, and TCP fails: the next server", "ll", milliseconds(300), "cf",
         "0:0u 10:0t 20:1u 220:1u end 300"},
        {"unproven: TCP shows", "l", milliseconds(1000), "u", "0:0u 10:0t end 1000"},
        {"unproven, no TCP: datagrams again", "l", milliseconds(300), "ufu",
         "0:0u 10:0t 20:0u 30:0u end 300"},
        {"unproven for ever, no TCP: it ends", "l", milliseconds(60000), "ufuuuuuuuuuuuuuuuuu",
         "0:0u 10:0t 20:0u 30:0u 40:0u 50:0u 60:0u 70:0u 80:0u 90:0u 100:0u 110:0u 120:0u 130:0u 140:0u "
         "150:0u "
         "end 60000"},
        {"format error: once without EDNS (RFC 6891 §7)", "l", milliseconds(1000), "ee",
         "0:0u 10:0u- end 20"},
        {"format error, then truncated", "l", milliseconds(100), "ec", "0:0u 10:0u- 20:0t- end 100"},
        {"silent to EDNS, perhaps: every other try without", "e", milliseconds(1000), "",
         "0:0u 200:0u- 600:0t end 1000"},
        {"known to know no EDNS", "n", milliseconds(100), "", "0:0u- end 100"},
        {"BADCOOKIE: once more, then TCP (RFC 7873 §5.3)", "l", milliseconds(100), "bb",
         "0:0u 10:0u 20:0t end 100"},
        {"BADCOOKIE over TCP as well", "l", milliseconds(100), "bbb", "0:0u 10:0u 20:0t end 30"},
        {"a server of TLS is asked once, on its connection", "t", milliseconds(1000), "", "0:0t end 1000"},
        {"and others while it is late", "tl", milliseconds(300), "", "0:0t 50:1u 250:1u end 300"},
        {"TLS fails: nothing else is tried of that server", "t", milliseconds(1000), "f", "0:0t end 10"},
        {"a dead one is asked last", "ld", milliseconds(300), "", "0:0u 50:1u 250:0u end 300"},
        {"a probe rides along", "lp", milliseconds(100), "", "0:1u 0:0u 50:1u end 100"},
        {"the only server is asked although it seems dead", "d", milliseconds(300), "",
         "0:0u 200:0u end 300"},
        {"all seem dead: all are asked", "dd", milliseconds(100), "", "0:0u 50:1u end 100"},
        {"one that lives has failed: the dead get one second more", "ld", milliseconds(9000), "f",
         "0:0u 10:1u 210:1u 610:1t end 1010"},
        {"a bound that is smaller than all patience", "ll", milliseconds(20), "", "0:0u end 20"},
    };
    for (const Case& c : cases)
        EXPECT_EQ(run(c), c.want) << c.what;
}

}  // namespace
}  // namespace gatepost::dns
