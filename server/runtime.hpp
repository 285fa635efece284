// What connections work with: the configuration in force, an immutable snapshot that a reload replaces, and
// the services of the worker that a connection lives on.
#pragma once

#include "server/client_state.hpp"
#include "server/connection_limits.hpp"
#include "server/file_pool.hpp"
#include "server/metrics.hpp"
#include "server/relay/delivery.hpp"
#include "server/relay/dial.hpp"
#include "server/relay/forwarded_client.hpp"
#include "server/shared_budget.hpp"
#include "server/shared_dns.hpp"
#include "server/smtp/session.hpp"
#include "server/tls_client_context.hpp"
#include "server/tls_context.hpp"

#include "config/config.hpp"

#include "reports/store/store.hpp"

#include "dns/resolver.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace gatepost::server {

class Log;

// Loaded once, never changed. Each command outside of a transaction takes the one in force, MAIL too, and the
// transaction keeps it to its end.
struct Runtime {
    config::Config config;
    std::shared_ptr<TicketKeys> ticket_keys;      // kept over reloads
    std::shared_ptr<TlsContext> tls;              // null: no certificate is configured
    std::shared_ptr<TlsClientContext> relay_tls;  // null: relay.tls is off
    std::shared_ptr<const smtp::SessionOptions> without_tls;
    std::shared_ptr<const smtp::SessionOptions> with_starttls;  // offered only where there is a certificate
    std::shared_ptr<const smtp::SessionOptions> with_required_tls;
    std::shared_ptr<const smtp::SessionOptions> with_implicit_tls;

    std::shared_ptr<const smtp::SessionOptions> session_options(config::ListenerTls mode) const;
    relay::Security relay_security() const { return {config.relay.tls, relay_tls}; }
};
using RuntimePtr = std::shared_ptr<const Runtime>;

// Null where a certificate or key cannot be used; `problem` then says why, and begins with the setting's name
// ("tls.…" or "relay.…").
// `ticket_keys`: those of the snapshot before; null: new ones.
RuntimePtr make_runtime(config::Config config, std::string& problem,
                        std::shared_ptr<TicketKeys> ticket_keys = nullptr);

// What the protocol is told of a configuration.
smtp::SessionOptions make_session_options(const config::Config& config, smtp::TlsMode mode);

// The same snapshot with all certificates and keys read anew from their files. Null, with `problem` set, as
// above.
RuntimePtr with_fresh_certificates(const Runtime& in_force, std::string& problem);

// The one place where the snapshot in force is found and replaced. Any thread.
class CurrentRuntime {
  public:
    explicit CurrentRuntime(RuntimePtr first) : current_(std::move(first)) {}
    RuntimePtr get() const {
        const std::lock_guard lock(mutex_);
        return current_;
    }
    // False, and nothing done, where another has taken the place of `expected`.
    bool replace_if_still(const RuntimePtr& expected, RuntimePtr next) {
        const std::lock_guard lock(mutex_);
        if (current_ != expected) return false;
        current_ = std::move(next);
        return true;
    }
    void replace(RuntimePtr next) {
        const std::lock_guard lock(mutex_);
        current_ = std::move(next);
    }

  private:
    mutable std::mutex mutex_;
    RuntimePtr current_;
};

// What a worker lends to its connections. All of it outlives them.
struct Services {
    boost::asio::any_io_executor executor;
    CurrentRuntime& runtime;
    dns::Resolver& resolver;
    WorkerMetrics& metrics;
    FilePool& files;
    SharedBudget& memory;
    SharedBudget& disk;  // of temporary files
    reports::store::Store& store;
    Log& log;
    ConnectionLimits& connections;
    ClientState& clients;
    // Starts the delivery of a transaction under this snapshot.
    std::function<std::unique_ptr<relay::Delivery>(const Runtime& runtime, relay::ForwardedClient client)>
        make_delivery;
    std::function<smtp::OfferedExtensions()> offered_extensions;
    SharedDns dns{};
};

}  // namespace gatepost::server
