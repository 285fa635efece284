// Which block lists are asked: one that answers that it does not answer us, or lists everybody, is switched
// off for a while. Shared by all workers.
#pragma once

#include "dns/domain_name.hpp"

#include <chrono>
#include <map>
#include <mutex>

namespace gatepost::server {

class DnsblSwitch {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    // Any thread.
    bool is_on(const dns::DomainName& zone, TimePoint now) const;
    // True: it was on until now, and that is news.
    bool switch_off(const dns::DomainName& zone, TimePoint now);

  private:
    mutable std::mutex mutex_;
    std::map<dns::DomainName, TimePoint> off_until_;  // zones of configurations alone
};

}  // namespace gatepost::server
