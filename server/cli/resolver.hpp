// The resolver of commands that ask the DNS themselves: local records first, then the network, no cache.
#pragma once

#include "dns/overriding_resolver.hpp"
#include "dns/random_source.hpp"
#include "dns/resolver_options.hpp"
#include "dns/stub_resolver.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <optional>

namespace gatepost::server::cli {

class CommandResolver {
  public:
    // `server`: asked instead of those of `options`. Without either: those of /etc/resolv.conf.
    CommandResolver(boost::asio::any_io_executor executor, dns::ResolverOptions options,
                    std::optional<dns::ServerAddress> server);

    dns::Resolver& get() { return overriding_; }

  private:
    dns::SystemRandomSource random_;
    dns::StubResolver stub_;
    dns::OverridingResolver overriding_;
};

}  // namespace gatepost::server::cli
