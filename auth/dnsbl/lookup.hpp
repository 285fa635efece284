// Asks the block lists for one client (RFC 5782). Facts, no judgement: policy/ has the weights.
#pragma once

#include "auth/dnsbl/list.hpp"

#include "dns/budgeted_resolver.hpp"
#include "dns/ip_address.hpp"
#include "dns/resolver.hpp"
#include "dns/task_group.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace gatepost::auth::dnsbl {

// The questions of one client to all lists at once, from construction on. On one executor.
class Lookup {
  public:
    // `resolver` outlives the executor's last task. `budget` bounds all of it: two questions a list.
    Lookup(boost::asio::any_io_executor executor, dns::Resolver& resolver, dns::IpAddress client,
           std::vector<List> lists, dns::QueryBudget budget);
    ~Lookup();
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;

    bool is_complete() const { return tasks_.running() == 0; }
    // Waits for what is still under way; at most until the budget's deadline.
    boost::asio::awaitable<void> finish();
    const std::vector<List>& lists() const;
    // In the order of the lists; complete after finish().
    const std::vector<Finding>& findings() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
    dns::TaskGroup tasks_;
};

}  // namespace gatepost::auth::dnsbl
