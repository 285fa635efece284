#include "server/relay/downstream_state.hpp"

#include "server/relay/trouble.hpp"

#include <algorithm>
#include <chrono>

namespace gatepost::server::relay {
namespace {

constexpr std::uint8_t size_bit = 1;
constexpr std::uint8_t eight_bit_mime_bit = 2;
constexpr std::uint8_t smtputf8_bit = 4;
constexpr std::uint8_t dsn_bit = 8;
constexpr std::uint8_t requiretls_bit = 16;

// local: short, as a server that restarts is back within seconds.
constexpr auto dial_again_after = std::chrono::seconds(5);
// local: one transaction a minute finds out whether a server that fails mail is well again.
constexpr auto ask_again_after = std::chrono::minutes(1);
// local: a server that is asked no more, as another does its work, is not told of for ever.
constexpr auto forget_after = std::chrono::hours(1);
// local: as often as monitoring asks. Each that waits has done so for half a minute.
constexpr auto short_after = std::chrono::minutes(1);

TimePoint to_time(TimePoint::rep ticks) {
    return TimePoint(TimePoint::duration(ticks));
}

}  // namespace

std::string_view to_string(DownstreamEvent event) {
    switch (event) {
        case DownstreamEvent::failover:
            return "failover";
        case DownstreamEvent::none_left:
            return "none_left";
        case DownstreamEvent::unanswered:
            return "unanswered";
        case DownstreamEvent::refusals_held:
            return "refusals_held";
        case DownstreamEvent::no_connection:
            return "no_connection";
    }
    return "";
}

DownstreamState::DownstreamState(std::size_t destinations)
    : count_(destinations), destinations_(std::make_unique<Destination[]>(destinations)) {}

DownstreamState::DownstreamState(const std::vector<std::string>& names) : DownstreamState(names.size()) {
    for (std::size_t i = 0; i < count_; ++i)
        destinations_[i].name = names[i];
}

void DownstreamState::spoke(std::size_t destination, const Capabilities& capabilities) {
    const unsigned bits = (capabilities.size ? size_bit : 0U) |
                          (capabilities.eight_bit_mime ? eight_bit_mime_bit : 0U) |
                          (capabilities.smtputf8 ? smtputf8_bit : 0U) | (capabilities.dsn ? dsn_bit : 0U) |
                          (capabilities.requiretls ? requiretls_bit : 0U);
    Destination& server = destinations_[destination];
    server.extensions = static_cast<std::uint8_t>(bits);
    server.max_size = capabilities.max_size;
    server.dialled_in_vain = TimePoint::min().time_since_epoch().count();
    server.reachable = true;
    end(server, Cause::dial);
}

void DownstreamState::was_unreachable(std::size_t destination) {
    destinations_[destination].reachable = false;
}

void DownstreamState::dialled_in_vain(std::size_t destination, std::string_view problem, TimePoint now) {
    Destination& server = destinations_[destination];
    server.reachable = false;
    server.dialled_in_vain = (now + dial_again_after).time_since_epoch().count();
    note(server, Cause::dial, problem, now);
}

void DownstreamState::failed(std::size_t destination, std::string_view problem, TimePoint now) {
    Destination& server = destinations_[destination];
    server.in_trouble = (now + ask_again_after).time_since_epoch().count();
    note(server, Cause::transaction, problem, now);
}

void DownstreamState::took_message(std::size_t destination) {
    Destination& server = destinations_[destination];
    if (!server.troubled) return;
    server.in_trouble = TimePoint::min().time_since_epoch().count();
    end(server, Cause::transaction);
}

void DownstreamState::note(Destination& server, Cause cause, std::string_view problem, TimePoint now) {
    const std::lock_guard lock(mutex_);
    server.seen = now;
    // What holds refusals back stays told until a recipient is taken.
    if (server.cause == Cause::refusals || server.problem == problem) return;
    server.cause = cause;
    server.problem = problem;
    server.troubled = true;
    if (on_trouble) on_trouble(server.name, problem);
}

void DownstreamState::end(Destination& server, Cause cause) {
    if (!server.troubled) return;
    const std::lock_guard lock(mutex_);
    if (server.cause != cause) return;
    server.cause = Cause::none;
    server.problem.clear();
    server.troubled = false;
    if (on_trouble) on_trouble(server.name, "");
}

void DownstreamState::refused_every_recipient(std::size_t destination, std::string_view sender,
                                              const smtp::Reply& refusal, TimePoint now) {
    Destination& server = destinations_[destination];
    {
        const std::lock_guard lock(mutex_);
        const bool begins = server.guard.refused(sender, refusal, now);
        server.refuses = true;
        if (!begins) return;
        server.holding = true;
        server.cause = Cause::none;  // the new one is told whatever was told before
    }
    const std::string problem = "refuses every recipient: " + codes_of(refusal);
    note(server, Cause::refusals, problem, now);
}

void DownstreamState::took_recipient(std::size_t destination) {
    Destination& server = destinations_[destination];
    if (!server.refuses) return;
    {
        const std::lock_guard lock(mutex_);
        server.refuses = false;
        if (!server.guard.taken()) return;
        server.holding = false;
    }
    end(server, Cause::refusals);
}

void DownstreamState::lacked_connection(TimePoint now) {
    count(DownstreamEvent::no_connection);
    lacked_connection_ = now.time_since_epoch().count();
}

smtp::OfferedExtensions DownstreamState::offered() const {
    unsigned common = size_bit | eight_bit_mime_bit | smtputf8_bit | dsn_bit | requiretls_bit;
    std::uint64_t least = 0;
    for (std::size_t i = 0; i < count_; ++i) {
        common &= destinations_[i].extensions.load();
        const std::uint64_t size = destinations_[i].max_size;
        if (size != 0 && (least == 0 || size < least)) least = size;
    }
    smtp::OfferedExtensions offered;
    offered.size = (common & size_bit) != 0;
    offered.max_size = offered.size ? least : 0;
    offered.eight_bit_mime = (common & eight_bit_mime_bit) != 0;
    offered.smtputf8 = (common & smtputf8_bit) != 0;
    offered.dsn = (common & dsn_bit) != 0;
    offered.requiretls = (common & requiretls_bit) != 0;
    return offered;
}

Standing DownstreamState::standing(std::size_t destination) const {
    const Destination& server = destinations_[destination];
    return {server.reachable, to_time(server.dialled_in_vain), to_time(server.in_trouble)};
}

bool DownstreamState::is_any_reachable() const {
    for (std::size_t i = 0; i < count_; ++i)
        if (destinations_[i].reachable) return true;
    return false;
}

DownstreamCounts DownstreamState::counts(TimePoint now) const {
    DownstreamCounts counts;
    std::copy(events_.begin(), events_.end(), counts.events.begin());
    const bool ever = counts.events[static_cast<std::size_t>(DownstreamEvent::no_connection)] > 0;
    counts.are_connections_short = ever && now - to_time(lacked_connection_) < short_after;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < count_; ++i) {
        const Destination& server = destinations_[i];
        const bool old = server.cause != Cause::refusals && server.seen + forget_after <= now;
        counts.servers.push_back({server.name, old ? "" : server.problem});
    }
    return counts;
}

}  // namespace gatepost::server::relay
