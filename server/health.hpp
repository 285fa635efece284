// Whether the server can do its work: what /readyz tells. Watchers ask the DNS (dns_watch.hpp) and the
// downstream servers every few seconds, on an io_context away from mail; the endpoint reads what they found.
#pragma once

#include "server/relay/dial.hpp"
#include "server/relay/downstream_state.hpp"

#include "config/config.hpp"

#include "reports/store/store.hpp"

#include "dns/brownout.hpp"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::server {

class Health {
  public:
    Health(reports::store::Store& store, std::shared_ptr<const dns::Brownout> brownout)
        : store_(store), brownout_(std::move(brownout)) {}

    // Empty: ready. Any thread.
    std::vector<std::string> reasons_not_ready() const;
    // Zones fail that strangers chose: no reason not to be ready. Empty: none. Any thread.
    std::string warning_of_zones() const;
    void set_listening(bool listening);
    // What the DNS lacks, empty: nothing; and whether its servers answer at all. Any thread.
    void note_dns(std::string problem, bool answers);
    bool dns_answers() const { return dns_answers_; }

    // What hinders mail from going on, empty: nothing. Any thread.
    void note_downstream(std::string problem);

    // Runs until its executor stops. `security`: in force now, of connections to them.
    boost::asio::awaitable<void> watch_downstream(config::Config config,
                                                  std::shared_ptr<relay::DownstreamState> downstream,
                                                  std::function<relay::Security()> security);
    // Asks every downstream server once what it offers. Problems are for the log.
    static boost::asio::awaitable<std::string> probe_downstream(
        config::Config config, std::shared_ptr<relay::DownstreamState> downstream, relay::Security security);

  private:
    reports::store::Store& store_;
    std::shared_ptr<const dns::Brownout> brownout_;
    mutable std::mutex mutex_;
    bool listening_ = false;
    std::atomic<bool> dns_answers_ = false;  // in the last lookup of our own
    std::string dns_problem_ = "dns: not asked yet";
    std::string downstream_problem_;
};

}  // namespace gatepost::server
