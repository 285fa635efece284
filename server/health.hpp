// Whether the server can do its work: what /readyz tells. A watcher asks the DNS and the downstream servers
// every few seconds, on an io_context away from mail; the endpoint reads what it found.
#pragma once

#include "server/relay/dial.hpp"
#include "server/relay/downstream_state.hpp"

#include "config/config.hpp"

#include "reports/store/store.hpp"

#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gatepost::server {

class Health {
  public:
    explicit Health(reports::store::Store& store) : store_(store) {}

    // Empty: ready. Any thread.
    std::vector<std::string> reasons_not_ready() const;
    void set_listening(bool listening);

    // Runs until its executor stops. `downstream` null: a Maildir, which is always reachable. `security`: in
    // force now, of connections to them.
    boost::asio::awaitable<void> watch(config::Config config, dns::Resolver& resolver,
                                       std::shared_ptr<relay::DownstreamState> downstream,
                                       std::function<relay::Security()> security);
    // Asks every downstream server once what it offers. Problems are for the log.
    static boost::asio::awaitable<std::string> probe_downstream(
        config::Config config, std::shared_ptr<relay::DownstreamState> downstream, relay::Security security);

  private:
    void note(std::string dns_problem, std::string downstream_problem);

    reports::store::Store& store_;
    mutable std::mutex mutex_;
    bool listening_ = false;
    std::string dns_problem_ = "dns: not asked yet";
    std::string downstream_problem_;
};

}  // namespace gatepost::server
