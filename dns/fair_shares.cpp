#include "dns/fair_shares.hpp"

#include "dns/client_address.hpp"

#include <utility>

namespace gatepost::dns {
namespace {

constexpr std::size_t part_of_named = 8;       // local: an eighth is kept for them
constexpr std::size_t free_for_a_client = 2;   // local: so many are free for each one that a client holds …
constexpr std::size_t free_for_a_network = 1;  // … and that a network does

std::size_t rest(std::size_t all, std::size_t taken) {
    return all > taken ? all - taken : 0;
}

std::size_t held(const auto& counts, const IpAddress& who) {
    const auto found = counts.find(who);
    return found == counts.end() ? 0 : found->second;
}

void give_back(auto& counts, const IpAddress& who) {
    const auto found = counts.find(who);
    if (--found->second == 0) counts.erase(found);
}

}  // namespace

FreePlaces::FreePlaces(std::size_t all, std::size_t taken)
    : for_named(rest(all, taken)), for_others(rest(all - all / part_of_named, taken)) {}

FairShares::Share::Share(FairShares& shares, const Claim& claim)
    : shares_(claim.is_named ? nullptr : &shares), claim_(claim) {
    if (shares_ == nullptr) return;
    ++shares_->of_client_[client_of(claim_.client)];
    ++shares_->of_network_[network_of(claim_.client)];
}

FairShares::Share::Share(Share&& other) noexcept
    : shares_(std::exchange(other.shares_, nullptr)), claim_(other.claim_) {}

FairShares::Share& FairShares::Share::operator=(Share&& other) noexcept {
    const Share before = std::move(*this);
    shares_ = std::exchange(other.shares_, nullptr);
    claim_ = other.claim_;
    return *this;
}

FairShares::Share::~Share() {
    if (shares_ == nullptr) return;
    give_back(shares_->of_client_, client_of(claim_.client));
    give_back(shares_->of_network_, network_of(claim_.client));
}

bool FairShares::may_client_take(const IpAddress& client, const FreePlaces& free) const {
    return free.for_others > 0 && free_for_a_client * held(of_client_, client) <= free.for_others;
}

bool FairShares::may_network_take(const IpAddress& network, const FreePlaces& free) const {
    return free.for_others > 0 && free_for_a_network * held(of_network_, network) <= free.for_others;
}

bool FairShares::may_take(const Claim& claim, const FreePlaces& free) const {
    if (claim.is_named) return free.for_named > 0;
    return may_client_take(client_of(claim.client), free) && may_network_take(network_of(claim.client), free);
}

bool FairShares::stands_in_the_way(const Claim& holder, const Claim& waiting, const FreePlaces& free) const {
    if (free.of(waiting.is_named) == 0) return true;
    const IpAddress client = client_of(waiting.client);
    if (!may_client_take(client, free)) return !holder.is_named && client_of(holder.client) == client;
    return !holder.is_named && network_of(holder.client) == network_of(waiting.client);
}

}  // namespace gatepost::dns
