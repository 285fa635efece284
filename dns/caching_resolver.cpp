#include "dns/caching_resolver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <string>
#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;

struct CachingResolver::State {
    asio::any_io_executor executor;
    Resolver& upstream;
    std::shared_ptr<Cache> cache;
    NowFunction now;
};

// Belongs to the asker's frame alone. What is posted to its worker holds it weakly, so that a post which is
// never run, because the worker has stopped, destroys no timer after its io_context.
struct CachingResolver::Waiter {
    Waiter(std::shared_ptr<State> own, DomainName asked, RrType asked_type)
        : state(std::move(own)), name(std::move(asked)), type(asked_type), timer(state->executor) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        if (waiting) state->cache->leave(name, type, ticket);
    }

    std::shared_ptr<State> state;
    DomainName name;
    RrType type;
    asio::steady_timer timer;  // its cancellation is the news
    AnswerPtr answer;
    bool waiting = false;
    Cache::Ticket ticket = 0;
};

// The duty of a leader. It is a parameter of lead(), so that a coroutine that never ran, or never ends, still
// tells those who wait.
class CachingResolver::Flight {
  public:
    Flight(std::shared_ptr<Cache> cache, DomainName name, RrType type, Cache::Ticket ticket)
        : cache_(std::move(cache)), name_(std::move(name)), type_(type), ticket_(ticket) {}
    Flight(Flight&&) = default;  // leaves cache_ null
    Flight& operator=(Flight&&) = delete;
    ~Flight() {
        if (cache_) cache_->abandon(name_, type_, ticket_);
    }

    const DomainName& name() const { return name_; }
    RrType type() const { return type_; }
    void land(AnswerPtr answer, TimePoint now) {
        const std::shared_ptr<Cache> cache = std::move(cache_);
        cache->complete(name_, type_, std::move(answer), now);
    }

  private:
    std::shared_ptr<Cache> cache_;
    DomainName name_;
    RrType type_;
    Cache::Ticket ticket_;
};

CachingResolver::CachingResolver(asio::any_io_executor executor, Resolver& upstream,
                                 std::shared_ptr<Cache> cache, NowFunction now)
    : state_(new State{std::move(executor), upstream, std::move(cache), std::move(now)}) {}

CachingResolver::~CachingResolver() = default;

AnswerPtr CachingResolver::known(const DomainName& name, RrType type) {
    return find(state_, name, type);
}

asio::awaitable<AnswerPtr> CachingResolver::query(DomainName name, RrType type) {
    return ask(state_, std::move(name), type);
}

asio::awaitable<void> CachingResolver::lead(std::shared_ptr<State> state, Flight flight) {
    AnswerPtr answer;
    try {
        answer = co_await state->upstream.query(flight.name(), flight.type());
    } catch (const std::exception& error) {
        answer = failed_answer(Trouble::unspecified, std::string("internal error: ") + error.what());
    }
    flight.land(std::move(answer), state->now());
}

// What is known; where it is about to expire, a question that nobody waits for brings it anew.
AnswerPtr CachingResolver::find(const std::shared_ptr<State>& state, const DomainName& name, RrType type) {
    Cache::Found found = state->cache->find(name, type, state->now());
    if (found.refresh != 0) start(state, Flight(state->cache, name, type, found.refresh));
    return std::move(found.answer);
}

void CachingResolver::start(const std::shared_ptr<State>& state, Flight flight) {
    asio::co_spawn(state->executor, lead(state, std::move(flight)), asio::detached);
}

asio::awaitable<AnswerPtr> CachingResolver::ask(std::shared_ptr<State> state, DomainName name, RrType type) {
    const AnswerPtr known = find(state, name, type);
    if (known) co_return known;

    const auto waiter = std::make_shared<Waiter>(state, name, type);
    auto wake = [executor = state->executor, weak = std::weak_ptr<Waiter>(waiter)](const AnswerPtr& answer) {
        asio::post(executor, [weak, answer] {
            const std::shared_ptr<Waiter> woken = weak.lock();
            if (!woken) return;
            woken->answer = answer;
            woken->timer.cancel();
        });
    };
    const Cache::Joined joined = state->cache->join(name, type, state->now(), std::move(wake));
    if (joined.answer) co_return joined.answer;
    waiter->ticket = joined.waiter;
    waiter->waiting = true;
    const std::chrono::milliseconds patience = state->cache->lost_after();
    const bool is_short = joined.has_stale && Cache::stale_patience < patience;
    waiter->timer.expires_after(is_short ? Cache::stale_patience : patience);
    if (joined.lead) start(state, Flight(state->cache, name, type, joined.flight));
    boost::system::error_code woken;
    co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (is_short && !waiter->answer && !woken) {
        // RFC 8767 §5: the question goes on without us.
        const AnswerPtr stale = state->cache->stale(name, type, state->now());
        if (stale) co_return stale;
        waiter->timer.expires_after(patience - Cache::stale_patience);
        co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    if (waiter->answer) co_return waiter->answer;
    if (woken) co_return failed_answer(Trouble::cancelled, "cancelled");
    co_return failed_answer(Trouble::unspecified, "no answer from the worker that asked");
}

}  // namespace gatepost::dns
