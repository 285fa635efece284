#include "dns/stub_resolver.hpp"

#include "dns/query_schedule.hpp"
#include "dns/reply_reader.hpp"
#include "dns/tcp_exchange.hpp"
#include "dns/udp_exchange.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <atomic>
#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int max_continuations = 8;  // local: CNAME chains over several servers' replies

std::string text_of(const ServerAddress& server) {
    const std::string address = server.address.text();
    return (server.address.is_v6() ? '[' + address + ']' : address) + ':' + std::to_string(server.port);
}

std::chrono::milliseconds since(Clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
}

Reply failed_reply(std::string detail, Trouble trouble) {
    Reply reply;
    reply.kind = Reply::Kind::failure;
    reply.detail = std::move(detail);
    reply.trouble = trouble;
    return reply;
}

// What went wrong at each server.
class Troubles {
  public:
    void note(Trouble trouble, const std::string& what, const ServerAddress& server) {
        trouble_ = std::min(trouble_, trouble);  // the one that tells most stands first
        const std::string detail = what + " from " + text_of(server);
        if (details_.find(detail) != std::string::npos) return;
        if (!details_.empty()) details_ += "; ";
        details_ += detail;
    }
    // Told once each: "timeout from 192.0.2.53:53; SERVFAIL from 192.0.2.54:53".
    Reply summary() const {
        if (details_.empty()) return failed_reply("no time left", Trouble::timeout);
        return failed_reply(details_, trouble_);
    }

  private:
    Trouble trouble_ = Trouble::unspecified;
    std::string details_;
};

}  // namespace

struct StubResolver::State {
    State(asio::any_io_executor own, ResolverOptions given, RandomSource& generator)
        : executor(std::move(own)), options(std::move(given)), random(generator) {}

    asio::any_io_executor executor;
    ResolverOptions options;
    RandomSource& random;
    std::size_t first = 0;  // the server that answered last: one that is down is not waited for again

    std::atomic<std::uint64_t> queries{0};
    std::atomic<std::uint64_t> exchanges{0};
    std::atomic<std::uint64_t> over_tcp{0};
    std::atomic<std::uint64_t> timeouts{0};
    std::atomic<std::uint64_t> failures{0};

    asio::awaitable<ExchangeResult> exchange(QueryStep step, Query query);
    asio::awaitable<Reply> ask(DomainName name, RrType type, Clock::time_point start);
    StepResult judge(const Reply& reply, const QueryStep& step, Troubles& troubles);
    AnswerPtr fail(std::string detail, Trouble trouble = Trouble::unspecified);
};

// A cancellation that came between two operations is thrown at the second; here it is a result like any
// other.
asio::awaitable<ExchangeResult> StubResolver::State::exchange(QueryStep step, Query query) {
    const ServerAddress server = options.servers[step.server];
    ++exchanges;
    try {
        if (step.transport == Transport::tcp) {
            ++over_tcp;
            co_return co_await exchange_tcp(executor, server, query, step.timeout);
        }
        co_return co_await exchange_udp(executor, server, query, step.timeout, random);
    } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted) throw;
    }
    co_return exchange_cancelled();
}

StepResult StubResolver::State::judge(const Reply& reply, const QueryStep& step, Troubles& troubles) {
    switch (reply.kind) {
        case Reply::Kind::truncated:
            if (step.transport == Transport::udp) return StepResult::truncated;
            break;
        case Reply::Kind::format_error:
            if (step.edns) return StepResult::format_error;
            break;
        default:
            break;
    }
    troubles.note(reply.trouble, reply.detail, options.servers[step.server]);
    return StepResult::failed;
}

// Asks one server after the other. The reply is an answer, or a failure that tells what each of them said.
asio::awaitable<Reply> StubResolver::State::ask(DomainName name, RrType type, Clock::time_point start) {
    QuerySchedule schedule(options.servers.size(), first, options.timeout);
    Troubles troubles;
    while (const auto step = schedule.next(since(start))) {
        Query query;
        query.id = random.draw_16_bits();
        query.name = name;
        query.type = type;
        query.edns = step->edns;
        const ExchangeResult result = co_await exchange(*step, query);
        const ServerAddress& server = options.servers[step->server];
        switch (result.kind) {
            case ExchangeResult::Kind::cancelled:
                co_return failed_reply("cancelled", Trouble::cancelled);
            case ExchangeResult::Kind::timed_out:
                ++timeouts;
                troubles.note(Trouble::timeout, "timeout", server);
                schedule.report(StepResult::timed_out);
                continue;
            case ExchangeResult::Kind::failed:
                troubles.note(result.trouble, result.detail, server);
                schedule.report(StepResult::failed);
                continue;
            case ExchangeResult::Kind::replied:
                break;
        }
        Reply reply = read_reply(result.message, query);
        if (reply.kind == Reply::Kind::answer) {
            first = step->server;
            co_return reply;
        }
        schedule.report(judge(reply, *step, troubles));
    }
    co_return troubles.summary();
}

AnswerPtr StubResolver::State::fail(std::string detail, Trouble trouble) {
    ++failures;
    auto answer = std::make_shared<Answer>();
    answer->detail = std::move(detail);
    answer->trouble = trouble;
    return answer;
}

StubResolver::StubResolver(asio::any_io_executor executor, ResolverOptions options, RandomSource& random)
    : state_(std::make_shared<State>(std::move(executor), std::move(options), random)) {}

StubResolver::~StubResolver() = default;

asio::awaitable<AnswerPtr> StubResolver::query(DomainName name, RrType type) {
    return resolve(state_, std::move(name), type);
}

asio::awaitable<AnswerPtr> StubResolver::resolve(std::shared_ptr<State> state, DomainName name, RrType type) {
    ++state->queries;
    if (state->options.servers.empty()) co_return state->fail("no DNS server configured");
    const Clock::time_point start = Clock::now();
    std::optional<std::chrono::seconds> ttl;
    bool authentic = true;
    for (int step = 0; step <= max_continuations; ++step) {
        Reply reply = co_await state->ask(name, type, start);
        if (reply.kind != Reply::Kind::answer) co_return state->fail(std::move(reply.detail), reply.trouble);
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
    result.exchanges = state_->exchanges;
    result.over_tcp = state_->over_tcp;
    result.timeouts = state_->timeouts;
    result.failures = state_->failures;
    return result;
}

}  // namespace gatepost::dns
