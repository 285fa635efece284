#include "server/dnsbl_switch.hpp"

namespace gatepost::server {
namespace {

constexpr auto off_time = std::chrono::hours(1);  // local: then it is asked whether it is well again

}  // namespace

bool DnsblSwitch::is_on(const dns::DomainName& zone, TimePoint now) const {
    const std::lock_guard lock(mutex_);
    const auto found = off_until_.find(zone);
    return found == off_until_.end() || now >= found->second;
}

bool DnsblSwitch::switch_off(const dns::DomainName& zone, TimePoint now) {
    const std::lock_guard lock(mutex_);
    TimePoint& until = off_until_[zone];
    const bool was_on = now >= until;
    if (was_on) until = now + off_time;
    return was_on;
}

}  // namespace gatepost::server
