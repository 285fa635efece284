// One thread with its own io_context: a session lives and dies here, so there is no lock on its path. Each
// worker has its own resolver sockets and downstream connections; the DNS cache and the store are shared.
#pragma once

#include "server/accepted.hpp"
#include "server/client_state.hpp"
#include "server/connection_limits.hpp"
#include "server/metrics.hpp"
#include "server/relay/downstream_state.hpp"
#include "server/runtime.hpp"
#include "server/shared_dns.hpp"

#include "dns/random_source.hpp"
#include "dns/stub_resolver.hpp"
#include "dns/zone_resolver.hpp"

#include <cstddef>
#include <memory>

namespace gatepost::server {

// What all workers share. All of it outlives them.
struct Shared {
    CurrentRuntime& runtime;
    Metrics& metrics;
    FilePool& files;
    SharedBudget& memory;
    SharedBudget& disk;
    ConnectionLimits& connections;
    ClientState& clients;
    reports::store::Store& store;
    Log& log;
    dns::RandomSource& random;
    SharedDns dns;
    std::shared_ptr<relay::DownstreamState> downstream;  // null: a Maildir
    std::size_t descriptors;                             // RLIMIT_NOFILE
};

class Worker {
  public:
    Worker(std::size_t index, Shared& shared);
    ~Worker();  // join() first
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();
    // Any thread. Its place among the connections is given back when it ends.
    void adopt(Accepted accepted);
    // Sessions end at their next transaction boundary; join() returns when all have, or abort() was called.
    void drain();
    void abort();
    void join();
    std::size_t sessions() const;
    // dns.overrides from now on. Any thread.
    void use_local_records(std::shared_ptr<const dns::ZoneResolver> records);
    // What this worker asked of DNS servers; any thread.
    dns::StubStatistics dns_statistics() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatepost::server
