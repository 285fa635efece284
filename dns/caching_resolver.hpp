// One worker's door to the shared cache. A question that is known is answered at once; one that is on its
// way, from this worker or another, is joined; any other is asked of the upstream in a coroutine of its own,
// which the asker's cancellation does not touch.
#pragma once

#include "dns/cache.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace gatepost::dns {

class CachingResolver final : public Resolver {
  public:
    // `executor`: the worker's own, on which query() is awaited. `upstream` outlives the executor's last
    // turn. `now` is called from that executor.
    CachingResolver(boost::asio::any_io_executor executor, Resolver& upstream, std::shared_ptr<Cache> cache,
                    NowFunction now);
    ~CachingResolver() override;

    // Where the answer is about to expire, starts the question that brings it anew.
    AnswerPtr known(const DomainName& name, RrType type) override;
    // Ends with the upstream's answer, or after the cache's lost_after() where the worker that asks has
    // stopped. Cancelled: temp_error "cancelled".
    boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override;
    // Asks the payer's leave for a question that nobody asks yet, and holds its charge until that has landed.
    // Where it may go out later it waits a while; else temp_error `client_spent`.
    boost::asio::awaitable<AnswerPtr> query_for(std::shared_ptr<Payer> payer, DomainName name,
                                                RrType type) override;

  private:
    struct State;
    struct Waiter;
    struct PayersLeave;
    class Flight;
    static AnswerPtr find(const std::shared_ptr<State>& state, const DomainName& name, RrType type);
    static void start(const std::shared_ptr<State>& state, Flight flight);
    static void refresh(const std::shared_ptr<State>& state, Flight flight);
    static boost::asio::awaitable<void> lead_refresh(std::shared_ptr<State> state, Flight flight);
    static boost::asio::awaitable<void> lead(std::shared_ptr<State> state, Flight flight);
    static Cache::Joined join(const std::shared_ptr<Waiter>& waiter, Payer* payer, PayersLeave& leave);
    static boost::asio::awaitable<AnswerPtr> ask(std::shared_ptr<State> state, std::shared_ptr<Payer> payer,
                                                 DomainName name, RrType type);
    std::shared_ptr<State> state_;
};

}  // namespace gatepost::dns
