// The resolver over the network (RFC 1034 §5.3.1: a stub; the servers it asks do the recursion): UDP, TCP
// where that does not do, or TLS; several servers; one bound for the whole question. One worker has one; all
// calls but statistics() are on its executor.
#pragma once

#include "dns/random_source.hpp"
#include "dns/resolver.hpp"
#include "dns/resolver_options.hpp"
#include "dns/socket_places.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gatepost::dns {

struct ServerStatistics {
    std::string server;                       // as dns.servers writes it
    std::uint64_t queries = 0;                // messages sent
    std::uint64_t over_stream = 0;            // of these, over TCP or TLS
    std::uint64_t answers = 0;                // that were taken
    std::uint64_t failures = 0;               // SERVFAIL, REFUSED, malformed replies, no connection
    std::uint64_t timeouts = 0;               // tries that were left unanswered for longer than is usual
    std::uint64_t mismatches = 0;             // replies that were not believed
    std::chrono::microseconds round_trip{0};  // smoothed; 0: not known yet
    bool alive = true;
};

struct StubStatistics {
    std::uint64_t queries = 0;    // questions taken
    std::uint64_t exchanges = 0;  // messages sent, over any transport
    std::uint64_t over_tcp = 0;   // of these, over TCP or TLS
    std::uint64_t timeouts = 0;   // of these, left unanswered for longer than is usual
    std::uint64_t failures = 0;   // questions that ended in temp_error
    std::vector<ServerStatistics> servers;
};

class StubResolver final : public Resolver {
  public:
    // `options.servers` empty: every question fails ("no DNS server configured"); see resolv_conf.hpp.
    // `random` outlives the resolver and every query. `places`: the bound on sockets that it shares with
    // others; null: none.
    StubResolver(boost::asio::any_io_executor executor, ResolverOptions options, RandomSource& random,
                 std::shared_ptr<SocketPlaces> places = nullptr);
    // Closes the connections to servers; questions under way end as if none were left.
    ~StubResolver() override;
    StubResolver(const StubResolver&) = delete;
    StubResolver& operator=(const StubResolver&) = delete;

    // Ends within options.timeout whatever the network does, the wait for a place among the sockets included.
    // Cancelled: temp_error "cancelled".
    boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override;

    // From any thread.
    StubStatistics statistics() const;

  private:
    struct State;
    static boost::asio::awaitable<AnswerPtr> resolve(std::shared_ptr<State> state, DomainName name,
                                                     RrType type);
    std::shared_ptr<State> state_;
};

}  // namespace gatepost::dns
