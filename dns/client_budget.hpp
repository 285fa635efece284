// How much of the resolver one client may use, all its messages taken together: an IPv4 address, or an IPv6
// /64. Three bounds, of which none counts what is at hand or what another has asked already:
//
// - Waiting. Whoever sends mail whose names lead to servers that are slow or never answer keeps questions of
//   ours open; past the bound such a client's further questions end at once in temp_error, and its mail
//   waits, while nobody else's does. Quick answers are free: a large sender's mail costs nothing here. While
//   our own resolver is in trouble, waiting is nobody's fault and free, too.
// - Open questions: of all clients together, so that sockets cannot run out; and where many are open, of one
//   client and one network, so that others still find a place.
// - Questions to one zone (zone_budget.hpp).
//
// A question is charged until it has landed, whether or not its message still waits for it.
#pragma once

#include "dns/brownout.hpp"
#include "dns/cache.hpp"
#include "dns/ip_address.hpp"
#include "dns/resolver.hpp"
#include "dns/zone_budget.hpp"

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
        std::size_t most_open = 3072;       // local: of all clients together; see server/descriptor_limit.hpp
        ZoneBudgets::Limits zones{};
    };
    struct Counts {
        std::uint64_t refusals = 0;       // questions not asked: a client's waiting, or places, used up
        std::uint64_t zone_refusals = 0;  // … or its share of one zone's questions
        std::size_t open = 0;             // questions on their way
        std::size_t most_open = 0;        // that may be
    };

    explicit ClientBudgets(std::shared_ptr<const Brownout> brownout) : ClientBudgets(brownout, Limits()) {}
    ClientBudgets(std::shared_ptr<const Brownout> brownout, Limits limits);

    // A question of the client begins. Not granted: nothing is to be settled then.
    Payer::Leave begin(const IpAddress& client, TimePoint now);
    // It ended, after so long.
    void settle(const IpAddress& client, TimePoint::duration waited, TimePoint now);
    ZoneBudgets& zones() { return zones_; }

    Counts counts() const;
    std::size_t clients() const;

  private:
    struct Account {
        std::chrono::milliseconds balance{0};
        TimePoint counted;
        std::size_t open = 0;
    };
    Account& account(const IpAddress& client, TimePoint now);
    void refill(Account& account, TimePoint now) const;
    void forget_the_rested(TimePoint now);
    bool has_place(const Account& own, const IpAddress& network) const;

    mutable std::mutex mutex_;
    std::map<IpAddress, Account> accounts_;  // ordered, not hashed: senders choose addresses, of IPv6
    std::map<IpAddress, std::size_t> open_of_network_;  // without zeros
    std::size_t open_ = 0;
    Account shared_;  // of those for whom there is no room
    TimePoint swept_;
    std::shared_ptr<const Brownout> brownout_;
    Limits limits_;
    std::uint64_t refusals_ = 0;
    ZoneBudgets zones_;
};

class ClientBudgetResolver final : public Resolver {
  public:
    // `upstream` outlives every query, a cancelled one as well; this object need not.
    ClientBudgetResolver(Resolver& upstream, std::shared_ptr<ClientBudgets> budgets, const IpAddress& client,
                         NowFunction now);

    AnswerPtr known(const DomainName& name, RrType type) override;
    boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override;
    // The message was good: what it asked of zones is not held against its client.
    void give_back_zones();

  private:
    class Account;
    Resolver& upstream_;
    std::shared_ptr<Account> account_;
};

}  // namespace gatepost::dns
