#include "server/cli/resolver.hpp"

#include "dns/local_records.hpp"
#include "dns/resolv_conf.hpp"

#include <utility>

namespace gatepost::server::cli {
namespace {

dns::ResolverOptions with_servers(dns::ResolverOptions options, std::optional<dns::ServerAddress> server) {
    if (server)
        options.servers = {*server};
    else if (options.servers.empty())
        options.servers = dns::read_resolv_conf();
    return options;
}

}  // namespace

CommandResolver::CommandResolver(boost::asio::any_io_executor executor, dns::ResolverOptions options,
                                 std::optional<dns::ServerAddress> server)
    : stub_(std::move(executor), with_servers(options, server), random_),
      overriding_(dns::make_local_zone(options.overrides).zone, stub_) {}

}  // namespace gatepost::server::cli
