#include "dns/caching_resolver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

// local: how long a question waits between its tries to go out. An honest crowd's questions are answered
// within a few of these; in all it is well below a question's own time.
constexpr std::array leave_waits{milliseconds(50), milliseconds(100), milliseconds(200), milliseconds(400),
                                 milliseconds(800)};

// local: of one worker, few beside its sockets: nobody pays for them, and a stranger's servers may never
// answer.
constexpr std::size_t most_refreshes = 50;

}  // namespace

struct CachingResolver::State {
    asio::any_io_executor executor;
    Resolver& upstream;
    std::shared_ptr<Cache> cache;
    NowFunction now;
    std::size_t refreshes = 0;  // under way
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

// What the payer said, and what its one question on its way costs.
struct CachingResolver::PayersLeave {
    bool is_for_nobody = false;  // asked anew before it expires: there is no payer
    Payer::Leave given = Payer::Leave::granted;
    std::unique_ptr<Payer::Charge> charge;
    std::optional<IpAddress> client;
};

// The duty of a leader. It is a parameter of lead(), so that a coroutine that never ran, or never ends, still
// tells those who wait.
class CachingResolver::Flight {
  public:
    Flight(std::shared_ptr<Cache> cache, DomainName name, RrType type, Cache::Ticket ticket,
           PayersLeave leave)
        : cache_(std::move(cache)),
          name_(std::move(name)),
          type_(type),
          ticket_(ticket),
          leave_(std::move(leave)) {}
    Flight(Flight&&) = default;  // leaves cache_ null
    Flight& operator=(Flight&&) = delete;
    ~Flight() {
        if (cache_) cache_->abandon(name_, type_, ticket_);
    }

    const DomainName& name() const { return name_; }
    RrType type() const { return type_; }
    void land(AnswerPtr answer, TimePoint now) {
        const std::shared_ptr<Cache> cache = std::move(cache_);
        cache->complete(name_, type_, std::move(answer), now, leave_.client ? &*leave_.client : nullptr,
                        leave_.is_for_nobody);
    }

  private:
    std::shared_ptr<Cache> cache_;
    DomainName name_;
    RrType type_;
    Cache::Ticket ticket_;
    PayersLeave leave_;
};

CachingResolver::CachingResolver(asio::any_io_executor executor, Resolver& upstream,
                                 std::shared_ptr<Cache> cache, NowFunction now)
    : state_(new State{std::move(executor), upstream, std::move(cache), std::move(now)}) {}

CachingResolver::~CachingResolver() = default;

AnswerPtr CachingResolver::known(const DomainName& name, RrType type) {
    return find(state_, name, type);
}

asio::awaitable<AnswerPtr> CachingResolver::query(DomainName name, RrType type) {
    return ask(state_, nullptr, std::move(name), type);
}

asio::awaitable<AnswerPtr> CachingResolver::query_for(std::shared_ptr<Payer> payer, DomainName name,
                                                      RrType type) {
    return ask(state_, std::move(payer), std::move(name), type);
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
    if (found.refresh != 0) {
        PayersLeave nobodys;
        nobodys.is_for_nobody = true;
        refresh(state, Flight(state->cache, name, type, found.refresh, std::move(nobodys)));
    }
    return std::move(found.answer);
}

// At the bound the flight ends here; the next who asks may bring the answer anew.
void CachingResolver::refresh(const std::shared_ptr<State>& state, Flight flight) {
    if (state->refreshes == most_refreshes) return;
    ++state->refreshes;
    asio::co_spawn(state->executor, lead_refresh(state, std::move(flight)), asio::detached);
}

asio::awaitable<void> CachingResolver::lead_refresh(std::shared_ptr<State> state, Flight flight) {
    co_await lead(state, std::move(flight));
    --state->refreshes;
}

void CachingResolver::start(const std::shared_ptr<State>& state, Flight flight) {
    asio::co_spawn(state->executor, lead(state, std::move(flight)), asio::detached);
}

Cache::Joined CachingResolver::join(const std::shared_ptr<Waiter>& waiter, Payer* payer, PayersLeave& leave) {
    State& state = *waiter->state;
    auto wake = [executor = state.executor, weak = std::weak_ptr<Waiter>(waiter)](const AnswerPtr& answer) {
        asio::post(executor, [weak, answer] {
            const std::shared_ptr<Waiter> woken = weak.lock();
            if (!woken) return;
            woken->answer = answer;
            woken->timer.cancel();
        });
    };
    if (payer == nullptr) return state.cache->join(waiter->name, waiter->type, state.now(), std::move(wake));
    const auto may_lead = [&] {
        leave.given = payer->ask_leave(waiter->name, leave.charge);
        return leave.given == Payer::Leave::granted;
    };
    return state.cache->join(waiter->name, waiter->type, state.now(), std::move(wake), may_lead);
}

asio::awaitable<AnswerPtr> CachingResolver::ask(std::shared_ptr<State> state, std::shared_ptr<Payer> payer,
                                                DomainName name, RrType type) {
    const AnswerPtr known = find(state, name, type);
    if (known) co_return known;

    const auto waiter = std::make_shared<Waiter>(state, name, type);
    PayersLeave leave;
    Cache::Joined joined = join(waiter, payer.get(), leave);
    for (const milliseconds wait : leave_waits) {
        if (!joined.refused || leave.given != Payer::Leave::later) break;
        boost::system::error_code error;
        waiter->timer.expires_after(wait);
        co_await waiter->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return failed_answer(Trouble::cancelled, "cancelled");
        joined = join(waiter, payer.get(), leave);
    }
    if (joined.refused) {
        const AnswerPtr stale = state->cache->stale(name, type, state->now());
        if (stale) co_return stale;
        co_return failed_answer(Trouble::client_spent, "this client's share of DNS questions is used up");
    }
    if (joined.answer) co_return joined.answer;
    waiter->ticket = joined.waiter;
    waiter->waiting = true;
    const milliseconds patience = state->cache->lost_after();
    const bool is_short = joined.has_stale && Cache::stale_patience < patience;
    waiter->timer.expires_after(is_short ? Cache::stale_patience : patience);
    if (joined.lead) {
        if (payer) leave.client = payer->client();
        start(state, Flight(state->cache, name, type, joined.flight, std::move(leave)));
    }
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
