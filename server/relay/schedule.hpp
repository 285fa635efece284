// What becomes of a transaction that a downstream server fails before the hand-over, which is the first octet
// of the final dot (PRODUCT.md, "What the SMTP client sees"): what a reply means, which server is asked next,
// and how long each may take. No I/O and no clock: `now` is an argument.
#pragma once

#include "server/smtp/reply.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gatepost::server::relay {

using TimePoint = std::chrono::steady_clock::time_point;

// The command that a reply belongs to; `message`: the end of data.
enum class Step { mail, recipient, data, message };

enum class Meaning {
    taken,    // 2xx, and 354 to DATA
    refused,  // this mail: passed on to the client, with its text
    trouble,  // of the server or of the session: never passed on. Before the hand-over the next server is
              // asked, after it the client gets 451.
};
Meaning meaning_of(Step step, const smtp::Reply& reply);

// How long the servers of relay.to may take, all together, while one client waits for its reply. The client's
// own time-out must not come first: it would try again while the message is handed over here.
struct HandOverTimes {
    // local: RFC 5321 §4.5.3.2.3 lets a client wait 5 minutes at RCPT; a minute is for what we do ourselves.
    std::chrono::milliseconds recipient{std::chrono::minutes(4)};
    // local: §4.5.3.2.6 lets it wait 10 minutes at the final dot; a minute is for our own checks.
    std::chrono::milliseconds message{std::chrono::minutes(9)};
    // local: of `message`, what is always left for the reply to the final dot.
    std::chrono::milliseconds final_reply{std::chrono::minutes(2)};
    // local: for one reply, or for one write, while there is another server to ask; a server that is well and
    // needs longer is only passed over, and nothing is lost.
    std::chrono::milliseconds next_waits{std::chrono::seconds(30)};
};

// What is known of a server.
struct Standing {
    bool reachable = false;       // it greeted us when it was last connected to
    TimePoint dialled_in_vain{};  // until then it is known that it cannot be connected to
    TimePoint in_trouble{};       // until then it is known to fail transactions
};

// The servers that are asked while the client waits for one reply. Each is asked once, and once more where
// only a kept connection was lost.
class Attempts {
  public:
    Attempts(std::size_t servers, TimePoint end, std::chrono::milliseconds next_waits)
        : servers_(servers), end_(end), until_(end), next_waits_(next_waits) {}

    // The server to ask. First those that are known to be well, then the others, each in the order of
    // relay.to: connecting to one that is down can take all the time there is. nullopt: none is left, or no
    // time.
    std::optional<std::size_t> next(std::span<const Standing> servers, TimePoint now) const;
    // `server` is asked from now on. It gets an equal share of the time that is left.
    void begin(std::size_t server, TimePoint now);
    // For one reply of the server that is asked: `usual`, or what is left.
    std::chrono::milliseconds time(std::chrono::milliseconds usual, TimePoint now) const;

    // When the share of the server that is asked ends.
    TimePoint until() const { return until_; }

    // The server failed. `kept`: its connection had been kept open, and the server gave it up without having
    // answered anything on it. True: it stays next, on a fresh connection; a server may close an idle
    // connection at any time.
    bool failed(std::size_t server, bool kept);
    // Not on a connection that was kept.
    bool needs_fresh_connection(std::size_t server) const { return state_of(server) == kept_lost; }
    // A server was given up.
    bool any_failed() const { return failed_ > 0; }

  private:
    enum State : std::uint8_t { untried, kept_lost, given_up };
    State state_of(std::size_t server) const { return states_.empty() ? untried : states_[server]; }

    std::size_t servers_;
    TimePoint end_;
    TimePoint until_;  // of the server that is asked
    std::chrono::milliseconds next_waits_;
    bool others_left_ = false;
    std::size_t failed_ = 0;
    std::vector<State> states_;  // empty as long as all goes well
};

}  // namespace gatepost::server::relay
