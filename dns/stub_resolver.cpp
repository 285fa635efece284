#include "dns/stub_resolver.hpp"

#include "dns/question_exchange.hpp"
#include "dns/tcp_exchange.hpp"
#include "dns/tls_exchange.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <atomic>
#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

constexpr int max_continuations = 8;  // local: chains over several servers' replies

// Makes the connections to servers. The TLS client, which reads the system's store, is made when a server
// wants it.
class StreamFactory {
  public:
    StreamFactory(asio::any_io_executor executor, const std::vector<ServerAddress>& servers)
        : executor_(std::move(executor)) {
        const bool wanted = std::any_of(servers.begin(), servers.end(),
                                        [](const ServerAddress& server) { return server.tls; });
        if (wanted) tls_ = std::make_shared<const TlsClient>();
    }
    std::unique_ptr<StreamExchange> operator()(const ServerAddress& server) const {
        auto make = [executor = executor_, tls = tls_, server]() -> std::unique_ptr<QueryStream> {
            return server.tls ? tls->make_stream(executor, server) : make_tcp_stream(executor, server);
        };
        return std::make_unique<StreamExchange>(executor_, std::move(make));
    }

  private:
    asio::any_io_executor executor_;
    std::shared_ptr<const TlsClient> tls_;
};

}  // namespace

struct StubResolver::State {
    State(const asio::any_io_executor& executor, const ResolverOptions& options, RandomSource& random,
          std::shared_ptr<SocketPlaces> shared_places)
        : timeout(options.timeout),
          network(executor, options, random, StreamFactory(executor, options.servers)),
          places(std::move(shared_places)) {}

    AnswerPtr fail(std::string detail, Trouble trouble = Trouble::unspecified, std::string servers = {}) {
        ++failures;
        return failed_answer(trouble, std::move(detail), std::move(servers));
    }

    milliseconds timeout;
    Network network;
    std::shared_ptr<SocketPlaces> places;
    std::atomic<std::uint64_t> queries{0};
    std::atomic<std::uint64_t> failures{0};
};

namespace {

// The coroutine's sleep between two events of its question.
class Alarm {
  public:
    explicit Alarm(const asio::any_io_executor& executor) : timer_(executor) {}

    void ring() {
        rung_ = true;
        timer_.cancel();
    }
    asio::steady_timer& set(Clock::time_point at) {
        rung_ = false;
        timer_.expires_at(at);
        return timer_;
    }
    // Whether a wait that ended with `error` was cancelled by whoever awaits the question.
    bool cancelled(const boost::system::error_code& error) const { return error && !rung_; }

  private:
    asio::steady_timer timer_;
    bool rung_ = false;
};

// A question's turn among those that wait for a socket. What wakes it may run after it has gone.
class Turn {
  public:
    Turn(const asio::any_io_executor& executor, SocketPlaces& places)
        : places_(places), timer_(std::make_shared<asio::steady_timer>(executor)) {
        auto wake = [executor, weak = std::weak_ptr<asio::steady_timer>(timer_)] {
            asio::post(executor, [weak] {
                if (const auto timer = weak.lock()) timer->cancel();
            });
        };
        ticket_ = places_.take_or_wait(std::move(wake));
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        if (has_come()) places_.give_back(1);
    }

    bool is_at_once() const { return ticket_ == 0; }
    asio::steady_timer& timer() { return *timer_; }
    // The place is the caller's, and this one waits no more. False: it has not come.
    bool take() { return has_come(); }

  private:
    bool has_come() {
        if (is_over_) return false;
        is_over_ = true;
        return ticket_ == 0 || places_.leave(ticket_);
    }

    SocketPlaces& places_;
    std::shared_ptr<asio::steady_timer> timer_;
    SocketPlaces::Ticket ticket_ = 0;
    bool is_over_ = false;
};

// False: no place came by `end`, or the asker left.
asio::awaitable<bool> wait_for_place(asio::any_io_executor executor, HeldPlaces& held,
                                     Clock::time_point end) {
    Turn turn(executor, *held.places());
    if (!turn.is_at_once()) {
        boost::system::error_code woken;
        turn.timer().expires_at(end);
        co_await turn.timer().async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    if (!turn.take()) co_return false;
    held.add();
    co_return true;
}

// Asks one server after the other. The reply is an answer, or a failure that tells what each of them said. A
// cancellation that came between two operations is thrown at the second; here it is a result like any other.
asio::awaitable<Reply> ask(Network& network, HeldPlaces& places, DomainName name, RrType type,
                           milliseconds bound) {
    Reply cancelled;
    cancelled.kind = Reply::Kind::failure;
    cancelled.detail = "cancelled";
    cancelled.trouble = Trouble::cancelled;

    Alarm alarm(network.executor);
    QuestionExchange question(network, places, std::move(name), type, bound, [&alarm] { alarm.ring(); });
    try {
        while (question.advance()) {
            asio::steady_timer& timer = alarm.set(question.wake_at());
            boost::system::error_code error;
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
            if (alarm.cancelled(error)) co_return cancelled;
        }
    } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted) throw;
        co_return cancelled;
    }
    co_return question.finish();
}

}  // namespace

StubResolver::StubResolver(asio::any_io_executor executor, ResolverOptions options, RandomSource& random,
                           std::shared_ptr<SocketPlaces> places)
    : state_(std::make_shared<State>(executor, options, random, std::move(places))) {}

StubResolver::~StubResolver() {
    state_->network.closed = true;
    for (const auto& server : state_->network.servers)
        server->stream.reset();
}

asio::awaitable<AnswerPtr> StubResolver::query(DomainName name, RrType type) {
    return resolve(state_, std::move(name), type);
}

asio::awaitable<AnswerPtr> StubResolver::resolve(std::shared_ptr<State> state, DomainName name, RrType type) {
    ++state->queries;
    if (state->network.servers.empty()) co_return state->fail("no DNS server configured");
    const Clock::time_point start = Clock::now();
    const Clock::time_point end = start + state->timeout;
    HeldPlaces places(state->places);
    bool has_place = places.take();
    // Half of the time at most: a question that goes out shall have time for its answer.
    const Clock::time_point end_of_wait = start + state->timeout / 2;
    if (!has_place) has_place = co_await wait_for_place(state->network.executor, places, end_of_wait);
    if (!has_place) co_return state->fail("no socket is free for the question", Trouble::no_place);
    std::optional<std::chrono::seconds> ttl;
    bool authentic = true;
    for (int step = 0; step <= max_continuations; ++step) {
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        Reply reply = co_await ask(state->network, places, name, type, left);
        if (reply.kind != Reply::Kind::answer)
            co_return state->fail(std::move(reply.detail), reply.trouble, std::move(reply.servers));
        authentic = authentic && reply.answer.authentic_data;
        ttl = std::min(ttl.value_or(reply.answer.ttl), reply.answer.ttl);
        if (!reply.continue_at) {
            auto answer = std::make_shared<Answer>(std::move(reply.answer));
            answer->ttl = *ttl;
            answer->authentic_data = authentic;
            answer->aliased = answer->aliased || step > 0;
            co_return answer;
        }
        name = std::move(*reply.continue_at);
    }
    co_return state->fail("CNAME chain too long, or a loop", Trouble::malformed);
}

StubStatistics StubResolver::statistics() const {
    StubStatistics result;
    result.queries = state_->queries;
    result.failures = state_->failures;
    for (const auto& server : state_->network.servers) {
        ServerStatistics& one = result.servers.emplace_back();
        one.server = server->text;
        one.queries = server->queries;
        one.over_stream = server->over_stream;
        one.answers = server->answers;
        one.failures = server->failures;
        one.timeouts = server->timeouts;
        one.mismatches = server->mismatches;
        one.round_trip = std::chrono::microseconds(server->round_trip);
        one.alive = server->alive;
        result.exchanges += one.queries;
        result.over_tcp += one.over_stream;
        result.timeouts += one.timeouts;
    }
    return result;
}

}  // namespace gatepost::dns
