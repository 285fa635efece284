#include "dns/stream_exchange.hpp"

#include "dns/stream_framing.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <unordered_map>
#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr unsigned max_strays = 20;  // local: replies that nobody waits for; the server is not in its mind
constexpr std::size_t read_octets = 4096;
// local: a forgotten query keeps its identifier this long, so that a late reply is not taken for another's.
constexpr std::chrono::seconds forgotten_time{10};

struct Pending {
    Query query;
    ExchangeListener* listener = nullptr;  // null: forgotten, but its reply may still come
    std::size_t tag = 0;
    std::uint64_t serial = 0;
    Clock::time_point forgotten;
    bool retried = false;
};

struct Connection {
    std::unique_ptr<QueryStream> stream;
    FrameReader reader;
    std::vector<std::uint8_t> outbox;
    std::vector<std::uint8_t> sending;
    bool open = false;
    bool writing = false;
    unsigned strays = 0;
};
using ConnectionPtr = std::shared_ptr<Connection>;

struct Failure {
    ExchangeListener* listener;
    std::size_t tag;
};

}  // namespace

// Shared with the connection's coroutines and the timer's handler.
struct StreamExchange::State : std::enable_shared_from_this<State> {
    State(asio::any_io_executor own, MakeStream make, Limits given)
        : executor(std::move(own)), make_stream(std::move(make)), limits(given), watch(executor) {}

    static asio::awaitable<void> run(std::shared_ptr<State> self, ConnectionPtr connection);
    static asio::awaitable<void> write_out(std::shared_ptr<State> self, ConnectionPtr connection);

    void open();
    void send(const Pending& pending);
    void flush(const ConnectionPtr& connection);
    bool deliver(const ConnectionPtr& connection, Octets message);
    void lost(const ConnectionPtr& connection, Trouble trouble, const std::string& detail, bool retry);
    void close();
    void arm();
    void look();

    asio::any_io_executor executor;
    MakeStream make_stream;
    Limits limits;
    std::unordered_map<std::uint16_t, Pending> pending;
    ConnectionPtr current;
    asio::steady_timer watch;
    Clock::time_point progress;  // when something last happened that was due, or began to be
    std::uint64_t serials = 0;
    std::uint64_t opened = 0;
};

void StreamExchange::State::open() {
    auto opening = std::make_shared<Connection>();
    opening->stream = make_stream();  // where it throws, nothing has changed
    current = std::move(opening);
    ++opened;
    progress = Clock::now();
    arm();
    asio::co_spawn(executor, run(shared_from_this(), current), asio::detached);
}

void StreamExchange::State::send(const Pending& one) {
    append_framed(current->outbox, encode_query(one.query));
    flush(current);
}

void StreamExchange::State::flush(const ConnectionPtr& connection) {
    if (!connection->open || connection->writing || connection->outbox.empty()) return;
    connection->writing = true;
    asio::co_spawn(executor, write_out(shared_from_this(), connection), asio::detached);
}

asio::awaitable<void> StreamExchange::State::run(std::shared_ptr<State> self, ConnectionPtr connection) {
    error_code error = co_await connection->stream->connect();
    if (error) {
        self->lost(connection, Trouble::unreachable, connection->stream->describe(error), false);
        co_return;
    }
    connection->open = true;
    self->progress = Clock::now();
    self->flush(connection);
    std::array<std::uint8_t, read_octets> buffer;
    const std::span<std::uint8_t> room(buffer);
    while (self->current == connection) {
        const std::size_t size = co_await connection->stream->read(room, error);
        if (error) {
            self->lost(connection, Trouble::unreachable, "the connection was closed early", true);
            co_return;
        }
        connection->reader.put(Octets(buffer).first(size));
        while (const auto message = connection->reader.take())
            if (!self->deliver(connection, *message)) co_return;
    }
}

asio::awaitable<void> StreamExchange::State::write_out(std::shared_ptr<State> self,
                                                       ConnectionPtr connection) {
    while (self->current == connection && !connection->outbox.empty()) {
        connection->sending.swap(connection->outbox);
        connection->outbox.clear();
        const Octets octets(connection->sending);
        const error_code error = co_await connection->stream->write(octets);
        if (error) self->lost(connection, Trouble::unreachable, "the connection was closed early", true);
    }
    connection->writing = false;
}

// False: the connection is no more.
bool StreamExchange::State::deliver(const ConnectionPtr& connection, Octets message) {
    if (current != connection) return false;
    const auto found = message.size() < 2 ? pending.end() : pending.find(read_16_bits(message, 0));
    if (found == pending.end()) {
        if (++connection->strays <= max_strays) return true;
        lost(connection, Trouble::malformed, "replies that were not asked for", true);
        return false;
    }
    progress = Clock::now();
    const Pending answered = std::move(found->second);
    pending.erase(found);
    if (pending.empty()) arm();  // it is idle now
    if (answered.listener) answered.listener->on_message(answered.tag, message);
    return current == connection;
}

void StreamExchange::State::lost(const ConnectionPtr& connection, Trouble trouble, const std::string& detail,
                                 bool retry) {
    if (current != connection) return;
    close();
    std::vector<Failure> failures;
    for (auto one = pending.begin(); one != pending.end();) {
        Pending& waiting = one->second;
        const bool again = waiting.listener && retry && !std::exchange(waiting.retried, true);
        if (!again && waiting.listener) failures.push_back({waiting.listener, waiting.tag});
        one = again ? std::next(one) : pending.erase(one);
    }
    if (!pending.empty()) {
        open();  // RFC 7766 §6.2.4: unanswered queries are asked again
        for (const auto& [id, waiting] : pending)
            send(waiting);
    }
    for (const Failure& failure : failures)
        failure.listener->on_failure(failure.tag, trouble, detail);
}

void StreamExchange::State::close() {
    watch.cancel();
    if (current) current->stream->close();
    current.reset();
}

void StreamExchange::State::arm() {
    watch.expires_at(progress + (pending.empty() ? limits.idle : limits.stalled));
    watch.async_wait([weak = weak_from_this()](error_code error) {
        const std::shared_ptr<State> self = error ? nullptr : weak.lock();
        if (self) self->look();
    });
}

void StreamExchange::State::look() {
    if (!current) return;
    std::erase_if(pending, [now = Clock::now()](const auto& one) {
        return !one.second.listener && now >= one.second.forgotten + forgotten_time;
    });
    if (Clock::now() < progress + (pending.empty() ? limits.idle : limits.stalled)) return arm();
    if (pending.empty()) return close();
    const ConnectionPtr connection = current;
    lost(connection, Trouble::timeout, "timeout", connection->open);
}

StreamExchange::StreamExchange(asio::any_io_executor executor, MakeStream make_stream)
    : StreamExchange(std::move(executor), std::move(make_stream), Limits()) {}

StreamExchange::StreamExchange(asio::any_io_executor executor, MakeStream make_stream, Limits limits)
    : state_(std::make_shared<State>(std::move(executor), std::move(make_stream), limits)) {}

StreamExchange::~StreamExchange() {
    state_->pending.clear();
    state_->close();
}

std::optional<StreamExchange::Ticket> StreamExchange::ask(Query query, ExchangeListener& listener,
                                                          std::size_t tag) {
    State& state = *state_;
    if (state.pending.size() >= state.limits.queries) return std::nullopt;
    while (state.pending.contains(query.id))
        ++query.id;
    Pending waiting;
    waiting.query = std::move(query);
    waiting.listener = &listener;
    waiting.tag = tag;
    waiting.serial = ++state.serials;
    const Ticket ticket{waiting.query.id, waiting.serial};
    const bool was_idle = state.pending.empty();
    if (!state.current) state.open();
    const Pending& kept = state.pending.emplace(ticket.id, std::move(waiting)).first->second;
    if (was_idle) {
        state.progress = Clock::now();
        state.arm();
    }
    state.send(kept);
    return ticket;
}

void StreamExchange::forget(const Ticket& ticket) {
    const auto found = state_->pending.find(ticket.id);
    if (found == state_->pending.end() || found->second.serial != ticket.serial) return;
    found->second.listener = nullptr;
    found->second.forgotten = Clock::now();
}

std::uint64_t StreamExchange::connections() const {
    return state_->opened;
}

}  // namespace gatepost::dns
