// How much waiting for slow zones one client may cause, all its messages taken together: an IPv4 address, or
// an IPv6 /64. Whoever sends mail whose names lead to servers that are slow or never answer keeps questions
// of ours open; past the bound such a client's further questions end at once in temp_error, and its mail
// waits, while nobody else's does. Answers at hand are always free, and so are quick ones: a large sender's
// mail costs nothing here. While our own resolver is in trouble, waiting is nobody's fault and free, too.
#pragma once

#include "dns/brownout.hpp"
#include "dns/cache.hpp"
#include "dns/ip_address.hpp"
#include "dns/resolver.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace gatepost::dns {

// The accounts of all clients, for all workers. Any thread. Memory is bounded.
class ClientBudgets {
  public:
    struct Limits {
        // local: a question is paid for in advance with this, and gets it back where it took no longer; so it
        // is also how many questions of a client may be open: capacity / in_advance, 200.
        std::chrono::milliseconds in_advance{1000};
        std::chrono::milliseconds capacity{200'000};
        unsigned refill = 5;                // local: milliseconds given back in each millisecond
        std::size_t most_clients = 32'768;  // local: 3 MiB; more share one account
    };

    explicit ClientBudgets(std::shared_ptr<const Brownout> brownout) : ClientBudgets(brownout, Limits()) {}
    ClientBudgets(std::shared_ptr<const Brownout> brownout, Limits limits);

    // A question of the client begins. False: it may not; nothing is to be settled then.
    bool begin(const IpAddress& client, TimePoint now);
    // It ended, after so long.
    void settle(const IpAddress& client, TimePoint::duration waited, TimePoint now);

    std::uint64_t refusals() const;
    std::size_t clients() const;

  private:
    struct Account {
        std::chrono::milliseconds balance{0};
        TimePoint counted;
    };
    Account& account(const IpAddress& client, TimePoint now);
    void refill(Account& account, TimePoint now) const;
    void forget_the_rested(TimePoint now);

    mutable std::mutex mutex_;
    std::map<IpAddress, Account> accounts_;  // ordered, not hashed: senders choose addresses, of IPv6
    Account shared_;                         // of those for whom there is no room
    TimePoint swept_;
    std::shared_ptr<const Brownout> brownout_;
    Limits limits_;
    std::uint64_t refusals_ = 0;
};

class ClientBudgetResolver final : public Resolver {
  public:
    // `upstream` outlives every query, a cancelled one as well; this object need not.
    ClientBudgetResolver(Resolver& upstream, std::shared_ptr<ClientBudgets> budgets, const IpAddress& client,
                         NowFunction now);

    AnswerPtr known(const DomainName& name, RrType type) override;
    boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override;

  private:
    struct State;
    class Charge;
    static boost::asio::awaitable<AnswerPtr> ask(std::shared_ptr<State> state, DomainName name, RrType type);
    std::shared_ptr<State> state_;
};

}  // namespace gatepost::dns
