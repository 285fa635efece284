#include "server/hidden_clients.hpp"

#include "policy/condition.hpp"

#include <algorithm>
#include <vector>

namespace gatepost::server {
namespace {

// PRODUCT.md, "Client addresses can be hidden from us".
constexpr std::size_t least_connections = 200;
constexpr std::size_t least_percent = 95;
constexpr std::size_t least_names = 20;
// Local: private addresses told apart in a minute; one that makes 95 % of the connections is among the first.
constexpr std::size_t max_addresses = 100;
constexpr std::size_t max_questions = 20;  // local: in a minute, and so at most 200 in the ten

}  // namespace

bool is_private(const dns::IpAddress& address) {
    static const std::vector networks{
        dns::IpNetwork::parse("10.0.0.0/8").value(),     dns::IpNetwork::parse("172.16.0.0/12").value(),
        dns::IpNetwork::parse("192.168.0.0/16").value(),  // RFC 1918 §3
        dns::IpNetwork::parse("100.64.0.0/10").value(),   // RFC 6598 §7
        dns::IpNetwork::parse("169.254.0.0/16").value(),  // RFC 3927
        dns::IpNetwork::parse("fc00::/7").value(),        // RFC 4193 §3.1
        dns::IpNetwork::parse("fe80::/10").value(),       // RFC 4291 §2.5.6
    };
    return policy::any_contains(networks, address);
}

void HiddenClients::forget(Minute& minute) {
    connections_ -= minute.connections;
    for (const auto& [address, count] : minute.of_private) {
        const auto found = of_private_.find(address);
        found->second -= count;
        if (found->second == 0) of_private_.erase(found);
    }
    minute = Minute();
}

// Minutes that lie more than ten back are forgotten.
void HiddenClients::move_to(TimePoint now) {
    const std::int64_t minute =
        std::chrono::duration_cast<std::chrono::minutes>(now.time_since_epoch()).count();
    if (minute <= now_) return;
    now_ = minute;
    questions_ = 0;
    for (Minute& old : minutes_)
        if (old.number >= 0 && old.number <= minute - static_cast<std::int64_t>(minutes)) forget(old);
    minutes_[static_cast<std::size_t>(minute) % minutes].number = minute;
}

bool HiddenClients::makes_its_share(const dns::IpAddress& client) const {
    const auto found = of_private_.find(client);
    return found != of_private_.end() && found->second * 100 >= connections_ * least_percent;
}

HiddenClients::News HiddenClients::connected(const dns::IpAddress& client, TimePoint now) {
    const std::lock_guard lock(mutex_);
    move_to(now);
    Minute& minute = minutes_[static_cast<std::size_t>(now_) % minutes];
    ++minute.connections;
    ++connections_;
    const bool counted = minute.of_private.size() < max_addresses || minute.of_private.contains(client);
    if (counted && is_private(client)) {
        ++minute.of_private[client];
        ++of_private_[client];
    }
    if (!hidden_ || connections_ < least_connections || makes_its_share(*hidden_)) return News::none;
    hidden_.reset();
    names_.clear();
    return News::visible;
}

void HiddenClients::forget_names_before(TimePoint time) {
    std::erase_if(names_, [&](const auto& seen) { return seen.second < time; });
}

bool HiddenClients::wants_name(const dns::IpAddress& client, const dns::DomainName& name, TimePoint now) {
    const std::lock_guard lock(mutex_);
    move_to(now);
    if (hidden_ || connections_ < least_connections || !makes_its_share(client)) return false;
    if (suspect_ != client) names_.clear();
    suspect_ = client;
    // A name of one label is nobody's in the DNS: machines of our own give such names.
    if (name.label_count() < 2 || names_.contains(name) || questions_ >= max_questions) return false;
    ++questions_;
    return true;
}

HiddenClients::News HiddenClients::does_not_resolve(const dns::IpAddress& client, const dns::DomainName& name,
                                                    TimePoint now) {
    const std::lock_guard lock(mutex_);
    move_to(now);
    if (hidden_ || suspect_ != client) return News::none;
    forget_names_before(now - std::chrono::minutes(minutes));
    names_[name] = now;
    if (names_.size() < least_names || connections_ < least_connections || !makes_its_share(client))
        return News::none;
    hidden_ = client;
    names_.clear();
    return News::hidden;
}

std::optional<dns::IpAddress> HiddenClients::hidden() const {
    const std::lock_guard lock(mutex_);
    return hidden_;
}

}  // namespace gatepost::server
