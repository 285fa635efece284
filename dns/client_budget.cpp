#include "dns/client_budget.hpp"

#include "dns/client_address.hpp"
#include "dns/domain_name.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds sweep_interval{1};  // local: a sweep walks over all accounts
constexpr std::size_t few_open = 8;  // local: a message asks so much side by side where it has one signature

}  // namespace

ClientBudgets::ClientBudgets(std::shared_ptr<const Brownout> brownout, Limits limits)
    : brownout_(std::move(brownout)), limits_(limits), zones_(limits.zones) {
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
        const bool rested = entry->second.balance >= limits_.capacity && entry->second.open == 0;
        entry = rested ? accounts_.erase(entry) : std::next(entry);
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

// How many may be open is shared out where many are: the last quarter is for clients that have few, and no
// network takes more than a quarter of all from the half on.
bool ClientBudgets::has_place(const Account& own, const IpAddress& network) const {
    if (open_ >= limits_.most_open) return false;
    if (open_ < limits_.most_open / 2) return true;
    const auto found = open_of_network_.find(network);
    if (found != open_of_network_.end() && found->second >= limits_.most_open / 4) return false;
    return own.open < few_open || open_ < limits_.most_open / 4 * 3;
}

Payer::Leave ClientBudgets::begin(const IpAddress& client, TimePoint now) {
    const std::lock_guard lock(mutex_);
    Account& own = account(client, now);
    const IpAddress network = network_of(client);
    const bool is_free = brownout_ && brownout_->active();
    const bool has_balance = is_free || own.balance >= limits_.in_advance;
    if (!has_balance || !has_place(own, network)) {
        ++refusals_;
        return has_balance ? Payer::Leave::later : Payer::Leave::never;
    }
    own.balance = std::max(own.balance - limits_.in_advance, milliseconds(0));
    if (&own != &shared_) ++own.open;  // the client may have an account of its own when it settles
    ++open_;
    ++open_of_network_[network];
    return Payer::Leave::granted;
}

void ClientBudgets::settle(const IpAddress& client, TimePoint::duration waited, TimePoint now) {
    const std::lock_guard lock(mutex_);
    Account& own = account(client, now);
    own.balance += limits_.in_advance;
    const bool is_free = waited <= limits_.in_advance || (brownout_ && brownout_->active());
    if (!is_free) own.balance -= std::chrono::duration_cast<milliseconds>(waited);
    own.balance = std::clamp(own.balance, milliseconds(0), limits_.capacity);
    if (own.open > 0) --own.open;
    --open_;
    const auto of_network = open_of_network_.find(network_of(client));
    if (--of_network->second == 0) open_of_network_.erase(of_network);
}

ClientBudgets::Counts ClientBudgets::counts() const {
    const std::lock_guard lock(mutex_);
    return {refusals_, zones_.refusals(), open_, limits_.most_open};
}

std::size_t ClientBudgets::clients() const {
    const std::lock_guard lock(mutex_);
    return accounts_.size();
}

// One message's. Its own worker's, but for the charges, which end wherever their question lands.
class ClientBudgetResolver::Account final : public Payer {
  public:
    Account(std::shared_ptr<ClientBudgets> budgets, const IpAddress& client, NowFunction now)
        : budgets_(std::move(budgets)), client_(client), now_(std::move(now)) {}

    Leave ask_leave(const DomainName& name, std::unique_ptr<Charge>& charge) override;
    const IpAddress& client() const override { return client_; }
    void give_back_zones();

  private:
    class Question;
    std::shared_ptr<ClientBudgets> budgets_;
    IpAddress client_;
    NowFunction now_;
    std::map<DomainName, std::size_t> zones_;  // what was asked of each
};

class ClientBudgetResolver::Account::Question final : public Payer::Charge {
  public:
    Question(std::shared_ptr<ClientBudgets> budgets, const IpAddress& client, NowFunction now,
             TimePoint began)
        : budgets_(std::move(budgets)), client_(client), now_(std::move(now)), began_(began) {}
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;
    ~Question() override {
        const TimePoint now = now_();
        budgets_->settle(client_, now - began_, now);
    }

  private:
    std::shared_ptr<ClientBudgets> budgets_;
    IpAddress client_;
    NowFunction now_;
    TimePoint began_;
};

Payer::Leave ClientBudgetResolver::Account::ask_leave(const DomainName& name,
                                                      std::unique_ptr<Charge>& charge) {
    const TimePoint now = now_();
    const IpAddress client = client_of(client_);
    DomainName zone = zone_of(name);
    if (!budgets_->zones().take(client, zone, now)) return Leave::never;
    const Leave leave = budgets_->begin(client_, now);
    if (leave == Leave::granted) {
        charge = std::make_unique<Question>(budgets_, client_, now_, now);
        ++zones_[std::move(zone)];
    } else {
        budgets_->zones().give_back(client, zone, 1);
    }
    return leave;
}

void ClientBudgetResolver::Account::give_back_zones() {
    for (const auto& [zone, questions] : std::exchange(zones_, {}))
        budgets_->zones().give_back(client_of(client_), zone, questions);
}

ClientBudgetResolver::ClientBudgetResolver(Resolver& upstream, std::shared_ptr<ClientBudgets> budgets,
                                           const IpAddress& client, NowFunction now)
    : upstream_(upstream), account_(std::make_shared<Account>(std::move(budgets), client, std::move(now))) {}

AnswerPtr ClientBudgetResolver::known(const DomainName& name, RrType type) {
    return upstream_.known(name, type);
}

boost::asio::awaitable<AnswerPtr> ClientBudgetResolver::query(DomainName name, RrType type) {
    return upstream_.query_for(account_, std::move(name), type);
}

void ClientBudgetResolver::give_back_zones() {
    account_->give_back_zones();
}

}  // namespace gatepost::dns
