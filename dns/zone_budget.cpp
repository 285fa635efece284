#include "dns/zone_budget.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t labels_of_zone = 2;
constexpr std::size_t labels_of_ipv4_network = 3 + 2;   // a /24 below in-addr.arpa
constexpr std::size_t labels_of_ipv6_network = 12 + 2;  // a /48 below ip6.arpa
constexpr std::size_t country_code_octets = 2;          // ISO 3166-1 alpha-2
constexpr std::chrono::seconds sweep_interval{1};       // local: a sweep walks over all accounts

// local: what registries of countries call their second levels. A list without an end would only tell more
// zones apart: one that is missing makes one zone of many, which the bound leaves room for.
constexpr std::array<std::string_view, 17> second_levels{"ac", "co",  "com", "edu", "gob", "gov",
                                                         "gv", "id",  "mil", "ne",  "net", "nom",
                                                         "or", "org", "plc", "ltd", "sch"};

bool is_below_second_level(std::string_view last_two) {
    const auto dot = last_two.find('.');
    if (dot == std::string_view::npos || last_two.size() - dot - 1 != country_code_octets) return false;
    return std::find(second_levels.begin(), second_levels.end(), last_two.substr(0, dot)) !=
           second_levels.end();
}

}  // namespace

DomainName zone_of(const DomainName& name) {
    DomainName zone = name.suffix(labels_of_zone);
    if (zone.text() == "in-addr.arpa") return name.suffix(labels_of_ipv4_network);
    if (zone.text() == "ip6.arpa") return name.suffix(labels_of_ipv6_network);
    return is_below_second_level(zone.text()) ? name.suffix(labels_of_zone + 1) : zone;
}

void ZoneBudgets::refill(Account& account, Clock::time_point now) const {
    const auto passed = std::chrono::duration_cast<milliseconds>(now - account.counted);
    const milliseconds one(milliseconds(limits_.window).count() /
                           static_cast<milliseconds::rep>(limits_.questions));
    const milliseconds::rep given = passed / one;
    if (given <= 0) return;
    account.asked -= std::min(account.asked, static_cast<std::size_t>(given));
    account.counted += given * one;
}

// An account that owes nothing says no more than none.
void ZoneBudgets::forget_the_rested(Clock::time_point now) {
    if (now - swept_ < sweep_interval) return;
    swept_ = now;
    for (auto entry = accounts_.begin(); entry != accounts_.end();) {
        refill(entry->second, now);
        entry = entry->second.asked == 0 ? accounts_.erase(entry) : std::next(entry);
    }
}

bool ZoneBudgets::take(const IpAddress& client, const DomainName& zone, Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    auto found = accounts_.find({client, zone});
    if (found == accounts_.end()) {
        if (accounts_.size() >= limits_.most) forget_the_rested(now);
        if (accounts_.size() >= limits_.most) return true;
        found = accounts_.emplace(std::pair(client, zone), Account{0, now}).first;
    }
    refill(found->second, now);
    if (found->second.asked >= limits_.questions) {
        ++refusals_;
        return false;
    }
    ++found->second.asked;
    return true;
}

void ZoneBudgets::give_back(const IpAddress& client, const DomainName& zone, std::size_t questions) {
    const std::lock_guard lock(mutex_);
    const auto found = accounts_.find({client, zone});
    if (found == accounts_.end()) return;
    found->second.asked -= std::min(found->second.asked, questions);
}

std::uint64_t ZoneBudgets::refusals() const {
    const std::lock_guard lock(mutex_);
    return refusals_;
}

std::size_t ZoneBudgets::size() const {
    const std::lock_guard lock(mutex_);
    return accounts_.size();
}

}  // namespace gatepost::dns
