#include "dns/query_schedule.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;

// local: each try is a socket and a chance for a forger (RFC 5452 §5: the birthday attack), so one question
// has not many.
constexpr unsigned max_steps = 16;
// local: the third round goes over TCP as well: perhaps datagrams are what does not get through.
constexpr unsigned stream_round = 2;
constexpr milliseconds longest_gap{1000};  // local: a server that returns is found by the next try
// local: once a server that lives has failed, those that seem dead get this long to say better.
constexpr milliseconds last_chance{1000};

}  // namespace

QuerySchedule::QuerySchedule(std::vector<ServerOutlook> servers, milliseconds bound)
    : servers_(servers.begin(), servers.end()), bound_(bound) {
    for (const ServerOutlook& outlook : servers) {
        if (!outlook.probe || outlook.server == servers.front().server) continue;
        QueryStep step;
        step.server = outlook.server;
        step.transport = outlook.stream ? Transport::tcp : Transport::udp;
        step.edns = outlook.edns != EdnsUse::no;
        of(step.server).streaming = outlook.stream;
        at_once_.push_back(step);
    }
}

QuerySchedule::Server& QuerySchedule::of(std::size_t server) {
    return *std::find_if(servers_.begin(), servers_.end(),
                         [&](const Server& one) { return one.outlook.server == server; });
}

// The place of the next server that may be asked, perhaps in the next round; nullopt: there is none.
std::optional<std::size_t> QuerySchedule::take_turn() {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (turn_ == servers_.size()) {
            turn_ = 0;
            ++round_;
        }
        const std::size_t place = turn_++;
        if (!waits(servers_[place])) return place;
    }
    return std::nullopt;
}

// To the next server after the hedge; to the beginning of a new round after the retry of the one asked.
milliseconds QuerySchedule::gap_after(std::size_t place) const {
    const bool others = std::any_of(servers_.begin() + static_cast<std::ptrdiff_t>(place) + 1, servers_.end(),
                                    [&](const Server& server) { return !waits(server); });
    const ServerOutlook& asked = servers_[place].outlook;
    const milliseconds gap = others ? asked.hedge_after : asked.retry_after;
    return std::min(std::max(longest_gap, gap), gap * (1 << std::min(round_, 4U)));
}

std::optional<QueryStep> QuerySchedule::next(milliseconds elapsed) {
    if (elapsed >= bound_ || steps_ >= max_steps) return std::nullopt;
    if (!at_once_.empty()) {
        const QueryStep step = at_once_.front();
        at_once_.pop_front();
        ++steps_;
        return step;
    }
    if (elapsed < next_at_) return std::nullopt;
    const auto place = take_turn();
    if (!place) {
        next_at_ = bound_;
        return std::nullopt;
    }
    Server& server = servers_[*place];
    QueryStep step;
    step.server = server.outlook.server;
    const bool silent_to_edns = server.outlook.edns == EdnsUse::unsure && round_ % 2 == 1;
    step.edns = server.outlook.edns != EdnsUse::no && !server.plain && !silent_to_edns;
    if (server.outlook.stream) {
        step.transport = Transport::tcp;
        server.streaming = true;
    } else if (round_ == stream_round && !server.no_stream) {
        step.transport = Transport::tcp;
    }
    next_at_ = elapsed + gap_after(*place);
    ++steps_;
    return step;
}

milliseconds QuerySchedule::wake_at() const {
    return steps_ >= max_steps ? bound_ : std::min(next_at_, bound_);
}

bool QuerySchedule::over(milliseconds elapsed) const {
    if (elapsed >= bound_) return true;
    return std::all_of(servers_.begin(), servers_.end(), [](const Server& server) { return server.failed; });
}

void QuerySchedule::ask_now(const QueryStep& like, Transport transport) {
    QueryStep step = like;
    step.transport = transport;
    step.edns = like.edns && !of(like.server).plain;
    if (transport == Transport::tcp) of(like.server).streaming = true;
    at_once_.push_back(step);
}

void QuerySchedule::fail(Server& server, const QueryStep& step, milliseconds elapsed) {
    if (step.transport == Transport::tcp && !server.outlook.stream && !server.must_stream) {
        // Only a proof was wanted of TCP, or a second way: datagrams go on.
        server.no_stream = true;
        if (std::exchange(server.streaming, false)) next_at_ = elapsed;
        return;
    }
    server.failed = true;
    next_at_ = elapsed;
    const bool hope = std::any_of(servers_.begin(), servers_.end(),
                                  [](const Server& one) { return !one.failed && one.outlook.alive; });
    if (!hope && server.outlook.alive) bound_ = std::min(bound_, elapsed + last_chance);
}

void QuerySchedule::report_unproven(Server& server, const QueryStep& step, milliseconds elapsed) {
    if (server.no_stream)
        next_at_ = elapsed;
    else if (!server.streaming)
        ask_now(step, Transport::tcp);
}

void QuerySchedule::report(const QueryStep& step, StepResult result, milliseconds elapsed) {
    Server& server = of(step.server);
    const bool over_tcp = step.transport == Transport::tcp;
    switch (result) {
        case StepResult::failed:
            return fail(server, step, elapsed);
        case StepResult::truncated:
            server.must_stream = true;
            // A reply over TCP that says it is truncated is broken.
            if (over_tcp || server.no_stream) return fail(server, step, elapsed);
            if (!server.streaming) ask_now(step, Transport::tcp);
            return;
        case StepResult::unproven:
            return report_unproven(server, step, elapsed);
        case StepResult::format_error:
            if (!step.edns) return fail(server, step, elapsed);
            if (!std::exchange(server.plain, true)) ask_now(step, step.transport);
            return;
        case StepResult::bad_cookie:
            if (!std::exchange(server.fresh_cookie, true)) return ask_now(step, step.transport);
            server.must_stream = true;
            if (over_tcp || server.no_stream) return fail(server, step, elapsed);
            if (!server.streaming) ask_now(step, Transport::tcp);
            return;
    }
}

}  // namespace gatepost::dns
