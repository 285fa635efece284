#include "server/shared_budget.hpp"

#include "dns/client_address.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace gatepost::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t reserve_part = 8;  // local: an eighth, which own machines fill with their mail alone
// local: of what is free when it takes. A single one gets a seventh of all, a single network a quarter.
constexpr std::size_t client_part = 4;
constexpr std::size_t network_part = 2;
// local: who holds much and sends less than a modem did is slow, once it has had the time to show.
constexpr std::size_t slow_octets_a_second = 4 * 1024;
constexpr auto time_to_show = std::chrono::seconds(10);
constexpr double any_rate = std::numeric_limits<double>::infinity();

void subtract(auto& counts, const dns::IpAddress& key, std::size_t octets) {
    const auto found = counts.find(key);
    if (found == counts.end()) return;
    found->second -= std::min(found->second, octets);
    if (found->second == 0) counts.erase(found);
}

std::size_t held(const auto& counts, const dns::IpAddress& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

}  // namespace

SharedBudget::SharedBudget(std::size_t octets, const dns::HashKey& hash_key)
    : limit_(octets),
      reserve_(octets / reserve_part),
      by_client_(0, dns::AddressHash{hash_key}),
      by_network_(0, dns::AddressHash{hash_key}) {}

bool SharedBudget::is_exhausted(bool has_reserve) const {
    return used() + std::min(small_message_octets, bound(has_reserve)) > bound(has_reserve);
}

bool SharedBudget::take(std::size_t octets, bool has_reserve) {
    if (used_.fetch_add(octets, std::memory_order_relaxed) + octets <= bound(has_reserve)) return true;
    give_back(octets);
    refusals_.fetch_add(1, std::memory_order_relaxed);
    make_room();
    return false;
}

bool SharedBudget::charge(Share& share, std::size_t octets) {
    const dns::IpAddress client = dns::client_of(share.client_);
    const dns::IpAddress network = dns::network_of(share.client_);
    const std::lock_guard lock(mutex_);
    const std::size_t taken = used();
    const std::size_t usable = bound(false) / 4 * 3;
    const std::size_t free = octets + usable - std::min(taken, usable);
    if (held(by_client_, client) + octets > free / client_part ||
        held(by_network_, network) + octets > free / network_part) {
        refusals_.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    by_client_[client] += octets;
    by_network_[network] += octets;
    if (share.charged_ == 0) share.began_ = Clock::now();
    share.charged_ += octets;
    if (share.holder_ != nullptr) holders_.insert(&share);
    return true;
}

void SharedBudget::discharge(Share& share, std::size_t octets) {
    const std::lock_guard lock(mutex_);
    subtract(by_client_, dns::client_of(share.client_), octets);
    subtract(by_network_, dns::network_of(share.client_), octets);
    share.charged_ -= octets;
    if (share.charged_ == 0) holders_.erase(&share);
}

void SharedBudget::hand_over(Share& from, Share& to) {
    const std::lock_guard lock(mutex_);
    to.charged_ = std::exchange(from.charged_, 0);
    holders_.erase(&from);
    if (to.holder_ != nullptr) holders_.insert(&to);
    to.began_ = from.began_;
}

// Of those who send less than `least` octets a second; of one client, where it is given.
Share* SharedBudget::slowest(TimePoint now, double least, const dns::IpAddress* client) const {
    Share* found = nullptr;
    for (Share* share : holders_) {
        const std::chrono::duration<double> age = now - share->began_;
        if (share->is_going_ || age < time_to_show) continue;
        if (client != nullptr && dns::client_of(share->client_) != *client) continue;
        const double rate = static_cast<double>(share->charged_) / age.count();
        if (rate >= least) continue;
        least = rate;
        found = share;
    }
    return found;
}

const dns::IpAddress* SharedBudget::greatest_client() const {
    const auto greatest = std::max_element(by_client_.begin(), by_client_.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
    return greatest == by_client_.end() ? nullptr : &greatest->first;
}

void SharedBudget::make_room(TimePoint now) {
    const std::lock_guard lock(mutex_);
    Share* going = slowest(now, slow_octets_a_second, nullptr);
    if (going == nullptr && is_short()) going = slowest(now, any_rate, greatest_client());
    if (going == nullptr) return;
    going->is_going_ = true;
    evictions_.fetch_add(1, std::memory_order_relaxed);
    going->holder_->evict();
}

Share::~Share() {
    if (charged_ > 0) budget_.discharge(*this, charged_);
    budget_.give_back(taken_);
}

void Share::belongs_to(const dns::IpAddress& client, bool has_reserve) {
    client_ = client;
    has_reserve_ = has_reserve;
}

void Share::take_over(Share& other) {
    belongs_to(other.client_, other.has_reserve_);
    if (other.charged_ > 0) budget_.hand_over(other, *this);
    taken_ = std::exchange(other.taken_, 0);
}

bool Share::take(std::size_t octets) {
    if (!budget_.take(octets, has_reserve_)) return false;
    const std::size_t all = taken_ + octets;
    if (!has_reserve_ && all > small_message_octets) {
        if (!budget_.charge(*this, all - charged_)) {
            budget_.give_back(octets);
            return false;
        }
        if (budget_.is_getting_short()) budget_.make_room();
    }
    taken_ = all;
    return true;
}

void Share::give_back(std::size_t octets) {
    budget_.give_back(octets);
    taken_ -= octets;
    if (charged_ > taken_) budget_.discharge(*this, charged_ - taken_);
}

}  // namespace gatepost::server
