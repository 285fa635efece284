#include "server/relay/relay_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>

namespace gatepost::server::relay {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
namespace {

constexpr auto connect_time = 10s;      // local: the servers behind are near
constexpr auto room_time = 30s;         // local: how long a transaction waits for a connection
constexpr auto look_again_time = 50ms;  // local: whether a connection may be taken from its client by now
constexpr auto idle_time =
    60s;  // local: below the 5 minutes after which RFC 5321 §4.5.3.2.7 lets a server close
constexpr auto avoid_time = 5s;    // local: how long a dead destination is passed over
constexpr auto probe_time = 10s;   // local: nobody waits for a probe, but the next one
constexpr auto goodbye_time = 2s;  // local: nobody waits for QUIT's reply
constexpr auto reset_time = 5s;    // local: for RSET's reply, while others wait for the connection

asio::awaitable<void> say_goodbye(std::unique_ptr<RelayConnection> connection) {
    if (!connection->session().is_ready()) co_return;
    connection->session().quit();
    co_await connection->exchange(goodbye_time);
}

std::vector<std::string> names_of(const std::vector<config::ServerDestination>& destinations) {
    std::vector<std::string> names;
    for (const config::ServerDestination& destination : destinations)
        names.push_back(destination.text());
    return names;
}

}  // namespace

asio::awaitable<std::optional<Capabilities>> ask_capabilities(asio::any_io_executor executor,
                                                              config::ServerDestination destination,
                                                              std::string hostname, Security security,
                                                              std::string& problem) {
    Dial order;
    order.to = std::move(destination);
    order.hostname = std::move(hostname);
    order.security = std::move(security);
    order.connect_time = connect_time;
    order.reply_time = probe_time;
    std::optional<Capabilities> found;
    problem.clear();
    std::unique_ptr<RelayConnection> connection = co_await dial(executor, std::move(order), problem);
    if (connection) {
        found = connection->session().capabilities();
        co_await say_goodbye(std::move(connection));
    }
    co_return found;
}

struct RelayPool::Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool called = false;  // there was something for it
};

struct RelayPool::State : std::enable_shared_from_this<State> {
    State(asio::any_io_executor own, std::vector<config::ServerDestination> to, std::string name,
          std::shared_ptr<DownstreamState> known, PoolLimits bounds, PoolTls protection)
        : limits(bounds),
          tls(std::move(protection)),
          executor(std::move(own)),
          destinations(std::move(to)),
          names(names_of(destinations)),
          avoid_until(destinations.size()),
          hostname(std::move(name)),
          downstream(std::move(known)),
          reaper(executor, [this] { reap(); }) {}

    const PoolLimits limits;
    const PoolTls tls;
    asio::any_io_executor executor;
    std::vector<config::ServerDestination> destinations;
    const std::vector<std::string> names;
    std::vector<Clock::time_point> avoid_until;
    std::string hostname;
    std::shared_ptr<DownstreamState> downstream;
    std::vector<std::unique_ptr<RelayConnection>> idle;  // the one used last at the back
    std::list<Waiter*> waiting;                          // those that have waited longest first
    std::size_t reclaiming = 0;                          // taken from their clients, until RSET is answered
    bool closed = false;
    std::vector<RelayConnection*> connected;  // idle ones and those in use
    std::size_t connecting = 0;
    Deadline reaper;

    void reap() {
        const auto old = Clock::now() - idle_time;
        const auto fresh =
            std::find_if(idle.begin(), idle.end(), [&](const auto& c) { return c->idle_since > old; });
        for (auto connection = idle.begin(); connection != fresh; ++connection)
            asio::co_spawn(executor, say_goodbye(std::move(*connection)), asio::detached);
        idle.erase(idle.begin(), fresh);
        if (idle.empty())
            reaper.clear();
        else
            reaper.expires_after(idle_time);
    }
    bool is_full() const { return connected.size() + connecting >= limits.connections; }
    void connection_ended(RelayConnection& connection) {
        std::erase(connected, &connection);
        wake_one();
    }
    void wake_one() {
        const auto asleep = std::find_if(waiting.begin(), waiting.end(),
                                         [](const Waiter* waiter) { return !waiter->called; });
        if (asleep == waiting.end()) return;
        (*asleep)->called = true;
        (*asleep)->timer.cancel();
    }
    void take_back(std::unique_ptr<RelayConnection> connection) {
        if (closed || !connection || !connection->session().is_ready()) return;
        const auto now = Clock::now();
        const bool old_stand_in =
            connection->destination() > 0 && now - connection->opened >= limits.stand_in_time;
        if (old_stand_in || connection->session().is_spent()) {
            asio::co_spawn(executor, say_goodbye(std::move(connection)), asio::detached);
            return;
        }
        connection->idle_since = now;
        idle.push_back(std::move(connection));
        if (idle.size() == 1) reaper.expires_after(idle_time);
        wake_one();
    }
    // How long a client may keep its connection waiting. The more others wait, the less: those that do
    // nothing would else be served before those that go on at once. Whoever comes last waits so long for each
    // of the waiting.size() / connections before him: together for a third of limits.client_time at most.
    std::chrono::milliseconds client_time() const {
        constexpr std::size_t share = 3;  // local: leaves a client behind a slow line time to go on
        const auto connections = static_cast<std::int64_t>(limits.connections);
        const auto crowd = static_cast<std::int64_t>(limits.connections + share * waiting.size());
        return limits.client_time * connections / crowd;
    }
    // Ends the transaction that has waited longest for its client, where that is too long: its connection is
    // somebody else's as soon as RSET is answered.
    bool reclaim() {
        RelayConnection* oldest = nullptr;
        for (RelayConnection* connection : connected)
            if (connection->waiting_since() &&
                (oldest == nullptr || *connection->waiting_since() < *oldest->waiting_since()))
                oldest = connection;
        if (oldest == nullptr || Clock::now() - *oldest->waiting_since() < client_time()) return false;
        ++reclaiming;
        asio::co_spawn(executor, reset(shared_from_this(), oldest->take_from_owner()), asio::detached);
        return true;
    }
    static asio::awaitable<void> reset(std::shared_ptr<State> state,
                                       std::unique_ptr<RelayConnection> connection) {
        connection->session().abandon_transaction();
        const bool answered = co_await connection->exchange(reset_time);
        --state->reclaiming;
        if (answered) state->take_back(std::move(connection));
    }
};

// Counts a connection that is being made; however that ends, its place is free again.
struct RelayPool::Connecting {
    explicit Connecting(State& of_pool) : state(of_pool) { ++state.connecting; }
    ~Connecting() {
        --state.connecting;
        state.wake_one();
    }
    Connecting(const Connecting&) = delete;
    Connecting& operator=(const Connecting&) = delete;
    State& state;
};

RelayPool::RelayPool(asio::any_io_executor executor, std::vector<config::ServerDestination> destinations,
                     std::string hostname, std::shared_ptr<DownstreamState> state, PoolLimits limits,
                     PoolTls tls)
    : state_(std::make_shared<State>(std::move(executor), std::move(destinations), std::move(hostname),
                                     std::move(state), limits, std::move(tls))) {}

RelayPool::~RelayPool() {
    // Connections tell the state of their end: they go while it is whole.
    state_->closed = true;
    const auto idle = std::exchange(state_->idle, {});
    state_->reaper.clear();
}

asio::awaitable<bool> RelayPool::wait_for_room(bool urgent) {
    const std::shared_ptr<State> state = state_;
    if (!state->is_full() || !state->idle.empty()) co_return true;
    const auto until = Clock::now() + room_time;
    Waiter waiter(state->executor);
    const auto place = urgent ? state->waiting.insert(state->waiting.begin(), &waiter)
                              : state->waiting.insert(state->waiting.end(), &waiter);
    while (state->is_full() && state->idle.empty() && Clock::now() < until) {
        while (state->reclaiming < state->waiting.size() && state->reclaim()) {}
        waiter.called = false;
        waiter.timer.expires_at(std::min<Clock::time_point>(until, Clock::now() + look_again_time));
        boost::system::error_code woken;
        co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    state->waiting.erase(place);
    co_return !state->is_full() || !state->idle.empty();
}

asio::awaitable<std::unique_ptr<RelayConnection>> RelayPool::open(std::size_t destination,
                                                                  std::string& problem) {
    const std::shared_ptr<State> state = state_;
    std::optional<Connecting> counted(std::in_place, *state);
    Dial order;
    order.to = state->destinations[destination];
    order.destination = destination;
    order.hostname = state->hostname;
    if (state->tls.security) order.security = state->tls.security();
    order.connect_time = connect_time;
    order.reply_time = state->limits.greeting;
    order.on_fallback = state->tls.on_fallback;
    order.on_connected = [&](RelayConnection& connected) {
        counted.reset();
        state->connected.push_back(&connected);
    };
    order.on_end = [state](RelayConnection& ended) {
        state->connection_ended(ended);
    };
    std::string reason;
    std::unique_ptr<RelayConnection> connection = co_await dial(state->executor, std::move(order), reason);
    if (connection) {
        state->avoid_until[destination] = {};
        state->downstream->spoke(destination, connection->session().capabilities());
        co_return connection;
    }
    state->avoid_until[destination] = Clock::now() + avoid_time;
    state->downstream->was_unreachable(destination);
    if (!problem.empty()) problem += "; ";
    problem += reason;
    co_return nullptr;
}

asio::awaitable<std::unique_ptr<RelayConnection>> RelayPool::acquire(Wanted wanted, std::string& problem) {
    const std::shared_ptr<State> state = state_;
    problem.clear();
    const bool room = co_await wait_for_room(wanted.urgent);
    if (!room) {
        problem = "all connections to the downstream servers are in use";
        co_return nullptr;
    }
    while (!state->idle.empty() && (!wanted.fresh || state->is_full())) {
        std::unique_ptr<RelayConnection> connection = std::move(state->idle.back());
        state->idle.pop_back();
        if (wanted.fresh) continue;  // makes room
        connection->mark_taken();
        co_return connection;
    }
    std::vector<bool> tried(state->destinations.size());
    // First those that are known to answer: connecting to a server that is down can take all the time there
    // is.
    for (const bool only_reachable : {true, false}) {
        for (std::size_t i = 0; i < tried.size(); ++i) {
            const bool avoided = Clock::now() < state->avoid_until[i];
            if (tried[i] || (only_reachable && (avoided || !state->downstream->is_reachable(i)))) continue;
            if (avoided && !problem.empty()) continue;  // it was tried a moment ago
            tried[i] = true;
            std::unique_ptr<RelayConnection> connection = co_await open(i, problem);
            if (connection) co_return connection;
        }
    }
    co_return nullptr;
}

void RelayPool::release(std::unique_ptr<RelayConnection> connection) {
    state_->take_back(std::move(connection));
}

const std::string& RelayPool::name_of(std::size_t destination) const {
    return state_->names.at(destination);
}

}  // namespace gatepost::server::relay
