#include "server/spent_checks.hpp"

#include "dns/client_address.hpp"

#include <iterator>

namespace gatepost::server {

void SpentChecks::note(const dns::IpAddress& client, const dns::DomainName& domain, Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    while (!spent_.empty() && (spent_.size() >= most || now - spent_.front().first >= kept)) {
        places_.erase(spent_.front().key);
        spent_.pop_front();
    }
    Key key(dns::client_of(client), domain);
    if (places_.contains(key)) return;
    spent_.push_back({key, now});
    places_.emplace(std::move(key), std::prev(spent_.end()));
    is_empty_ = false;
}

bool SpentChecks::is_final(const dns::IpAddress& client, const dns::DomainName& domain,
                           Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(Key(dns::client_of(client), domain));
    if (found == places_.end()) return false;
    const auto since = now - found->second->first;
    return since >= least_apart && since < kept;
}

std::size_t SpentChecks::size() const {
    const std::lock_guard lock(mutex_);
    return spent_.size();
}

}  // namespace gatepost::server
