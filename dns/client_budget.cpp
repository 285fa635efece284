#include "dns/client_budget.hpp"

#include "dns/client_address.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds sweep_interval{1};  // local: a sweep walks over all accounts

}  // namespace

ClientBudgets::ClientBudgets(std::shared_ptr<const Brownout> brownout, Limits limits)
    : brownout_(std::move(brownout)), limits_(limits) {
    shared_.balance = limits_.capacity;
}

void ClientBudgets::refill(Account& account, TimePoint now) const {
    const auto passed = std::chrono::duration_cast<milliseconds>(now - account.counted);
    if (passed <= milliseconds(0)) return;
    account.counted += passed;
    // Compared before it is multiplied: an account may have rested for years.
    const bool is_full = passed >= (limits_.capacity - account.balance) / limits_.refill;
    account.balance = is_full ? limits_.capacity : account.balance + passed * limits_.refill;
}

// A full account says no more than none.
void ClientBudgets::forget_the_rested(TimePoint now) {
    if (now - swept_ < sweep_interval) return;
    swept_ = now;
    for (auto entry = accounts_.begin(); entry != accounts_.end();) {
        refill(entry->second, now);
        entry = entry->second.balance >= limits_.capacity ? accounts_.erase(entry) : std::next(entry);
    }
}

ClientBudgets::Account& ClientBudgets::account(const IpAddress& client, TimePoint now) {
    const IpAddress key = client_of(client);
    auto found = accounts_.find(key);
    if (found == accounts_.end()) {
        if (accounts_.size() >= limits_.most_clients) forget_the_rested(now);
        if (accounts_.size() >= limits_.most_clients) {
            refill(shared_, now);
            return shared_;
        }
        found = accounts_.emplace(key, Account{limits_.capacity, now}).first;
    }
    refill(found->second, now);
    return found->second;
}

bool ClientBudgets::begin(const IpAddress& client, TimePoint now) {
    const std::lock_guard lock(mutex_);
    Account& own = account(client, now);
    const bool is_free = brownout_ && brownout_->active();
    if (own.balance < limits_.in_advance && !is_free) {
        ++refusals_;
        return false;
    }
    own.balance = std::max(own.balance - limits_.in_advance, milliseconds(0));
    return true;
}

void ClientBudgets::settle(const IpAddress& client, TimePoint::duration waited, TimePoint now) {
    const std::lock_guard lock(mutex_);
    Account& own = account(client, now);
    own.balance += limits_.in_advance;
    const bool is_free = waited <= limits_.in_advance || (brownout_ && brownout_->active());
    if (!is_free) own.balance -= std::chrono::duration_cast<milliseconds>(waited);
    own.balance = std::clamp(own.balance, milliseconds(0), limits_.capacity);
}

std::uint64_t ClientBudgets::refusals() const {
    const std::lock_guard lock(mutex_);
    return refusals_;
}

std::size_t ClientBudgets::clients() const {
    const std::lock_guard lock(mutex_);
    return accounts_.size();
}

struct ClientBudgetResolver::State {
    Resolver& upstream;
    std::shared_ptr<ClientBudgets> budgets;
    IpAddress client;
    NowFunction now;
};

// Settles however the question ends: a question that is cancelled was waited for, too.
class ClientBudgetResolver::Charge {
  public:
    explicit Charge(State& state) : state_(state), began_(state.now()) {}
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;
    ~Charge() {
        if (!taken_) return;
        const TimePoint now = state_.now();
        state_.budgets->settle(state_.client, now - began_, now);
    }
    bool take() {
        taken_ = state_.budgets->begin(state_.client, began_);
        return taken_;
    }

  private:
    State& state_;
    TimePoint began_;
    bool taken_ = false;
};

ClientBudgetResolver::ClientBudgetResolver(Resolver& upstream, std::shared_ptr<ClientBudgets> budgets,
                                           const IpAddress& client, NowFunction now)
    : state_(new State{upstream, std::move(budgets), client, std::move(now)}) {}

AnswerPtr ClientBudgetResolver::known(const DomainName& name, RrType type) {
    return state_->upstream.known(name, type);
}

boost::asio::awaitable<AnswerPtr> ClientBudgetResolver::query(DomainName name, RrType type) {
    return ask(state_, std::move(name), type);
}

boost::asio::awaitable<AnswerPtr> ClientBudgetResolver::ask(std::shared_ptr<State> state, DomainName name,
                                                            RrType type) {
    Charge charge(*state);
    if (!charge.take())
        co_return failed_answer(Trouble::cancelled, "this client's time for slow DNS zones is spent");
    co_return co_await state->upstream.query(std::move(name), type);
}

}  // namespace gatepost::dns
