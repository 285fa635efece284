// The connections of one worker to the downstream servers: kept open between transactions, bounded in number,
// in the order that schedule.hpp gives.
#pragma once

#include "server/relay/dial.hpp"
#include "server/relay/downstream_state.hpp"
#include "server/relay/relay_connection.hpp"
#include "server/relay/schedule.hpp"

#include "config/config.hpp"

#include "dns/fair_line.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::server::relay {

// Connects, asks what the server offers, and says goodbye. nullopt with `problem` set where it cannot be
// reached.
boost::asio::awaitable<std::optional<Capabilities>> ask_capabilities(boost::asio::any_io_executor executor,
                                                                     config::ServerDestination destination,
                                                                     std::string hostname, Security security,
                                                                     std::string& problem);

struct PoolLimits {
    std::size_t connections = 100;  // local: per worker; what a mail server behind takes without trouble
    std::chrono::milliseconds client_time{1000};  // local: a client that goes on at once goes on sooner
    // local: below the 5 minutes of RFC 5321 §4.5.3.2.1, for our own client waits no longer than those at
    // RCPT: a server that is hung must leave time to ask the next one.
    std::chrono::milliseconds greeting{30'000};
    // local: a connection to a server that stands in for one before it in relay.to is not reused for longer,
    // so that steady mail finds its way back.
    std::chrono::milliseconds stand_in_time{300'000};
    // local: how long a transaction waits for a connection.
    std::chrono::milliseconds room_time{30'000};
    HandOverTimes times{};
};

// How a pool's connections are protected. Both may be empty: without TLS, and nobody is told.
struct PoolTls {
    std::function<Security()> security;  // asked for each new connection: a reload changes it
    std::function<void(const std::string& server, const std::string& problem)> on_fallback;
};

class RelayPool {
  public:
    RelayPool(boost::asio::any_io_executor executor, std::vector<config::ServerDestination> destinations,
              std::string hostname, std::shared_ptr<DownstreamState> state, PoolLimits limits = {},
              PoolTls tls = {});
    // Idle connections are closed; those in use end with their owners.
    ~RelayPool();
    RelayPool(const RelayPool&) = delete;
    RelayPool& operator=(const RelayPool&) = delete;

    // A connection on which a transaction can be started, to the server that is next among `attempts`; an
    // idle one, where there is one. Those that cannot be connected to are passed over. Null where no server
    // is left or all connections stay in use too long; `problem` then says which and why. Where all are in
    // use, one whose client has kept it waiting for longer than client_time, in all, is taken from its owner
    // and given on after RSET: slow clients cannot hold all of them. Each client has its share, and the last
    // eighth is for named ones alone: dns::FairShares. Who is served first: see dns::FairLine; `urgent` ones
    // have the whole message.
    boost::asio::awaitable<std::unique_ptr<RelayConnection>> acquire(Attempts& attempts, dns::Claim claim,
                                                                     bool urgent, std::string& problem);
    // Takes a connection back. One that cannot take a further transaction is closed.
    void release(std::unique_ptr<RelayConnection> connection);
    // As relay.to names it.
    const std::string& name_of(std::size_t destination) const;
    // For one client command, which `time` bounds.
    Attempts attempts(std::chrono::milliseconds time) const;
    const HandOverTimes& times() const;
    const std::shared_ptr<DownstreamState>& downstream() const;

  private:
    struct State;
    struct Counted;
    struct Waiter;
    boost::asio::awaitable<std::unique_ptr<RelayConnection>> open(std::size_t destination,
                                                                  const Attempts& attempts,
                                                                  std::string& problem);
    using Share = dns::FairShares::Share;
    boost::asio::awaitable<std::optional<Share>> wait_for_room(dns::Claim claim, bool urgent);
    std::shared_ptr<State> state_;
};

}  // namespace gatepost::server::relay
