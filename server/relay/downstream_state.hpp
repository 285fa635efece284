// What is known of the downstream servers, shared by all workers: what each announced when it was last spoken
// to, whether it could be reached, and what trouble it makes. Only what all of them announced is announced to
// clients.
#pragma once

#include "server/relay/client_session.hpp"
#include "server/relay/refusal_guard.hpp"
#include "server/relay/schedule.hpp"
#include "server/smtp/session.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::relay {

// What happened to transactions between us and the downstream servers.
enum class DownstreamEvent {
    failover,       // a transaction went on at another server
    none_left,      // no server was left to ask: 451
    unanswered,     // no reply to the final dot: 451, and the message can be there twice in the end
    refusals_held,  // a 5xx to a recipient became 451: the server refuses everybody
    no_connection,  // it waited for a connection in vain: 451, and none_left too
};
inline constexpr std::size_t downstream_event_count = 5;
std::string_view to_string(DownstreamEvent event);

struct DownstreamCounts {
    std::array<std::uint64_t, downstream_event_count> events{};  // by DownstreamEvent
    struct Server {
        std::string name;     // as relay.to has it
        std::string trouble;  // empty: none
    };
    std::vector<Server> servers;
    bool are_connections_short = false;  // a transaction waited for one in vain, lately
};

class DownstreamState {
  public:
    explicit DownstreamState(std::size_t destinations);
    explicit DownstreamState(const std::vector<std::string>& names);

    // Where trouble with a server begins, is another than before, or ends (an empty problem). Set before any
    // thread starts; any thread calls it.
    std::function<void(std::string_view server, std::string_view problem)> on_trouble;

    void spoke(std::size_t destination, const Capabilities& capabilities);
    void was_unreachable(std::size_t destination);

    // A transaction found that it cannot be connected to, or that it fails mail. For a while others are asked
    // first. `problem` has none of the server's words (Trouble::kind): it is told to everybody.
    void dialled_in_vain(std::size_t destination, std::string_view problem, TimePoint now);
    void failed(std::size_t destination, std::string_view problem, TimePoint now);
    // It took a message.
    void took_message(std::size_t destination);

    // RefusalGuard, for each server.
    void refused_every_recipient(std::size_t destination, std::string_view sender, const smtp::Reply& refusal,
                                 TimePoint now);
    void took_recipient(std::size_t destination);
    bool holds_refusals(std::size_t destination) const { return destinations_[destination].holding; }

    // A transaction waited in vain: all were in use, or its client's share of them.
    void lacked_connection(TimePoint now);

    void count(DownstreamEvent event) { ++events_[static_cast<std::size_t>(event)]; }

    // Any thread. Before a destination was spoken to, it offers nothing.
    smtp::OfferedExtensions offered() const;
    Standing standing(std::size_t destination) const;
    bool is_reachable(std::size_t destination) const { return destinations_[destination].reachable; }
    bool is_any_reachable() const;
    DownstreamCounts counts(TimePoint now) const;

  private:
    enum class Cause { none, dial, transaction, refusals };
    struct Destination {
        std::atomic<std::uint8_t> extensions{0};
        std::atomic<std::uint64_t> max_size{0};  // 0: no limit told (RFC 1870 §4)
        std::atomic<bool> reachable{false};
        std::atomic<TimePoint::rep> dialled_in_vain{TimePoint::min().time_since_epoch().count()};
        std::atomic<TimePoint::rep> in_trouble{TimePoint::min().time_since_epoch().count()};
        // Copies of what the mutex guards, for those that only look.
        std::atomic<bool> troubled{false};
        std::atomic<bool> refuses{false};  // the guard is not empty
        std::atomic<bool> holding{false};
        // Under the mutex.
        std::string name;
        std::string problem;
        Cause cause = Cause::none;
        TimePoint seen;  // the trouble, last
        RefusalGuard guard;
    };
    void note(Destination& destination, Cause cause, std::string_view problem, TimePoint now);
    void end(Destination& destination, Cause cause);

    std::size_t count_;
    std::unique_ptr<Destination[]> destinations_;
    std::array<std::atomic<std::uint64_t>, downstream_event_count> events_{};
    std::atomic<TimePoint::rep> lacked_connection_{TimePoint::min().time_since_epoch().count()};
    mutable std::mutex mutex_;
};

}  // namespace gatepost::server::relay
