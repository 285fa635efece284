#include "server/relay/relay_pool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace gatepost::server::relay {
namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
namespace {

constexpr auto connect_time = 10s;      // local: the servers behind are near
constexpr auto look_again_time = 50ms;  // local: whether a connection may be taken from its client by now
constexpr auto idle_time =
    60s;  // local: below the 5 minutes after which RFC 5321 §4.5.3.2.7 lets a server close
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
    Trouble trouble;
    std::unique_ptr<RelayConnection> connection = co_await dial(executor, std::move(order), trouble);
    problem = trouble.text;
    if (connection) {
        found = connection->session().capabilities();
        co_await say_goodbye(std::move(connection));
    }
    co_return found;
}

// Adds one to a number for as long as it lives, however the frame ends that it lives in.
struct RelayPool::Counted {
    explicit Counted(std::size_t& of) : number(of) { ++number; }
    ~Counted() { --number; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    std::size_t& number;
};

struct RelayPool::State : std::enable_shared_from_this<State> {
    using Share = dns::FairShares::Share;

    State(asio::any_io_executor own, std::vector<config::ServerDestination> to, std::string name,
          std::shared_ptr<DownstreamState> known, PoolLimits bounds, PoolTls protection)
        : limits(bounds),
          tls(std::move(protection)),
          executor(std::move(own)),
          destinations(std::move(to)),
          names(names_of(destinations)),
          standings(destinations.size()),
          hostname(std::move(name)),
          downstream(std::move(known)),
          reaper(executor, [this] { reap(); }) {}

    const PoolLimits limits;
    const PoolTls tls;
    asio::any_io_executor executor;
    std::vector<config::ServerDestination> destinations;
    const std::vector<std::string> names;
    std::vector<Standing> standings;  // as next() found them
    std::string hostname;
    std::shared_ptr<DownstreamState> downstream;
    std::vector<std::unique_ptr<RelayConnection>> idle;  // the one used last at the back
    dns::FairShares shares;                              // of what is called, connecting or connected
    dns::FairLine<Waiter> waiting;                       // not called yet
    std::size_t called = 0;      // waiters that have been called and have taken nothing yet
    std::size_t reclaiming = 0;  // taken from their clients, until RSET is answered
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
    // What can be taken that nobody was called for.
    dns::FreePlaces free() const {
        return dns::FreePlaces(limits.connections, connected.size() - idle.size() + connecting + called);
    }
    // At once. Nobody who waits could take one just now: whenever something is given back, they are called.
    std::optional<Share> take(const dns::Claim& claim) {
        std::optional<Share> taken;
        if (!closed && shares.may_take(claim, free())) taken.emplace(shares, claim);
        return taken;
    }
    void call_waiting();
    void connection_ended(RelayConnection& connection) {
        std::erase(connected, &connection);
        call_waiting();
    }
    std::optional<std::size_t> next(const Attempts& attempts) {
        for (std::size_t i = 0; i < standings.size(); ++i)
            standings[i] = downstream->standing(i);
        return attempts.next(standings, Clock::now());
    }
    // Its place is not free before it is gone, and then it is the caller's.
    void close_oldest_idle() {
        const std::unique_ptr<RelayConnection> oldest = std::move(idle.front());
        idle.erase(idle.begin());
    }
    // One on which something waits is dropped: it would be taken for the reply to the next command, or the
    // server has closed. The places of those dropped stay the caller's.
    std::unique_ptr<RelayConnection> take_idle(std::size_t destination) {
        const Counted place(connecting);
        for (;;) {
            const auto last = std::find_if(idle.rbegin(), idle.rend(),
                                           [&](const auto& c) { return c->destination() == destination; });
            if (last == idle.rend()) return nullptr;
            std::unique_ptr<RelayConnection> connection = std::move(*last);
            idle.erase(std::next(last).base());
            if (!connection->is_quiet()) continue;
            connection->mark_taken();
            return connection;
        }
    }
    void take_back(std::unique_ptr<RelayConnection> connection) {
        if (closed || !connection || !connection->session().is_ready()) return;
        const bool old_stand_in =
            connection->destination() > 0 && Clock::now() - connection->opened >= limits.stand_in_time;
        if (old_stand_in || connection->session().is_spent()) {
            asio::co_spawn(executor, say_goodbye(std::move(connection)), asio::detached);
            return;
        }
        connection->rest();
        idle.push_back(std::move(connection));
        if (idle.size() == 1) reaper.expires_after(idle_time);
        call_waiting();
    }
    std::string_view what_is_short(const dns::Claim& claim) const {
        return free().of(claim.is_named) == 0
                   ? "all connections to the downstream servers are in use"
                   : "the client's share of the connections to the downstream servers is in use";
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
    // Ends the transaction that has waited longest for its client in all, where that is too long: its
    // connection is somebody else's as soon as RSET is answered. Of those that are in the way of `claim`: who
    // has used up its share takes from its own.
    bool reclaim(const dns::Claim& claim) {
        const dns::FreePlaces now_free = free();
        RelayConnection* oldest = nullptr;
        for (RelayConnection* connection : connected)
            if (connection->waiting_since() &&
                (oldest == nullptr || *connection->waiting_since() < *oldest->waiting_since()) &&
                shares.stands_in_the_way(connection->share()->claim(), claim, now_free))
                oldest = connection;
        if (oldest == nullptr || Clock::now() - *oldest->waiting_since() < client_time()) return false;
        asio::co_spawn(
            executor,
            reset(shared_from_this(), std::make_unique<Counted>(reclaiming), oldest->take_from_owner()),
            asio::detached);
        return true;
    }
    static asio::awaitable<void> reset(std::shared_ptr<State> state, std::unique_ptr<Counted> counted,
                                       std::unique_ptr<RelayConnection> connection) {
        connection->session().abandon_transaction();
        const bool answered = co_await connection->exchange(reset_time);
        counted.reset();
        if (answered) state->take_back(std::move(connection));
    }
};

// A transaction that waits for a connection, in its frame. However the frame ends, the next one is called.
struct RelayPool::Waiter {
    Waiter(State& of_pool, const dns::Claim& own, bool urgent)
        : state(of_pool),
          claim(own),
          timer(of_pool.executor),
          place(state.waiting.enter(*this, claim, urgent)) {}
    ~Waiter() {
        const bool was_called = take().has_value();
        if (was_called) state.call_waiting();
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    void call() {
        state.waiting.serve(*std::exchange(place, std::nullopt));
        called.emplace(state.shares, claim);
        ++state.called;
        timer.cancel();
    }
    // What it was called for is taken at once by whoever asks. nullopt: it was not called, and waits no more.
    std::optional<Share> take() {
        if (place) state.waiting.leave(*std::exchange(place, std::nullopt));
        if (called) --state.called;
        return std::exchange(called, std::nullopt);
    }

    State& state;
    const dns::Claim claim;
    asio::steady_timer timer;
    std::optional<dns::FairLine<Waiter>::Place> place;  // while it waits
    std::optional<Share> called;
};

void RelayPool::State::call_waiting() {
    while (!closed) {
        const auto next = waiting.first_within(shares, free());
        if (!next) return;
        next->waiter().call();
    }
}

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

asio::awaitable<std::optional<RelayPool::Share>> RelayPool::wait_for_room(dns::Claim claim, bool urgent) {
    const std::shared_ptr<State> state = state_;
    const auto until = Clock::now() + state->limits.room_time;
    Waiter waiter(*state, claim, urgent);
    while (!waiter.called && Clock::now() < until) {
        while (state->reclaiming < state->waiting.size() && state->reclaim(claim)) {}
        if (waiter.called) break;
        waiter.timer.expires_at(std::min<Clock::time_point>(until, Clock::now() + look_again_time));
        boost::system::error_code woken;
        co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_return waiter.take();
}

asio::awaitable<std::unique_ptr<RelayConnection>> RelayPool::open(std::size_t destination,
                                                                  const Attempts& attempts,
                                                                  std::string& problem) {
    const std::shared_ptr<State> state = state_;
    std::optional<Counted> counted(std::in_place, state->connecting);
    // Idle ones to other servers only.
    if (state->connected.size() + state->connecting > state->limits.connections && !state->idle.empty())
        state->close_oldest_idle();
    Dial order;
    order.to = state->destinations[destination];
    order.destination = destination;
    order.hostname = state->hostname;
    if (state->tls.security) order.security = state->tls.security();
    const auto now = Clock::now();
    order.connect_time = attempts.time(connect_time, now);
    order.reply_time = state->limits.greeting;
    order.until = attempts.until();
    order.on_fallback = state->tls.on_fallback;
    order.on_connected = [&](RelayConnection& connected) {
        counted.reset();
        state->connected.push_back(&connected);
    };
    order.on_end = [state](RelayConnection& ended) {
        state->connection_ended(ended);
    };
    Trouble reason;
    std::unique_ptr<RelayConnection> connection = co_await dial(state->executor, std::move(order), reason);
    if (connection) {
        state->downstream->spoke(destination, connection->session().capabilities());
        co_return connection;
    }
    counted.reset();
    state->downstream->dialled_in_vain(destination, reason.kind, Clock::now());
    if (!problem.empty()) problem += "; ";
    problem += reason.text;
    co_return nullptr;
}

asio::awaitable<std::unique_ptr<RelayConnection>> RelayPool::acquire(Attempts& attempts, dns::Claim claim,
                                                                     bool urgent, std::string& problem) {
    const std::shared_ptr<State> state = state_;
    for (;;) {
        std::optional<Share> share = state->take(claim);
        if (!share) share = co_await wait_for_room(claim, urgent);
        if (!share) {
            state->downstream->lacked_connection(Clock::now());
            if (!problem.empty()) problem += "; ";
            problem += state->what_is_short(claim);
            break;
        }
        const std::optional<std::size_t> server = state->next(attempts);
        if (!server) break;
        attempts.begin(*server, Clock::now());
        std::unique_ptr<RelayConnection> connection;
        if (!attempts.needs_fresh_connection(*server)) connection = state->take_idle(*server);
        if (!connection) connection = co_await open(*server, attempts, problem);
        if (connection) {
            connection->belongs_to(std::move(*share));
            co_return connection;
        }
        attempts.failed(*server, false);
        share.reset();
        state->call_waiting();
    }
    state->call_waiting();
    co_return nullptr;
}

void RelayPool::release(std::unique_ptr<RelayConnection> connection) {
    state_->take_back(std::move(connection));
}

const std::string& RelayPool::name_of(std::size_t destination) const {
    return state_->names.at(destination);
}

Attempts RelayPool::attempts(std::chrono::milliseconds time) const {
    return Attempts(state_->destinations.size(), Clock::now() + time, state_->limits.times.next_waits);
}

const HandOverTimes& RelayPool::times() const {
    return state_->limits.times;
}

const std::shared_ptr<DownstreamState>& RelayPool::downstream() const {
    return state_->downstream;
}

}  // namespace gatepost::server::relay
