// The resolver over the network (RFC 1034 §5.3.1: a stub; the servers it asks do the recursion). UDP first,
// TCP on truncation, several servers, one bound for the whole question. One worker has one; all calls but
// statistics() are on its executor.
#pragma once

#include "dns/random_source.hpp"
#include "dns/resolver.hpp"
#include "dns/resolver_options.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>

namespace gatepost::dns {

struct StubStatistics {
    std::uint64_t queries = 0;    // questions taken
    std::uint64_t exchanges = 0;  // messages sent, over UDP or TCP
    std::uint64_t over_tcp = 0;   // of these
    std::uint64_t timeouts = 0;   // exchanges without a reply in their time
    std::uint64_t failures = 0;   // questions that ended in temp_error
};

class StubResolver final : public Resolver {
  public:
    // `options.servers` empty: every question fails ("no DNS server configured"); see resolv_conf.hpp.
    // `random` outlives the resolver and every query.
    StubResolver(boost::asio::any_io_executor executor, ResolverOptions options, RandomSource& random);
    ~StubResolver() override;

    // Ends within options.timeout whatever the network does. Cancelled: temp_error "cancelled".
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
