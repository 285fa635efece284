// One message from its envelope to its account, judged by the code of the server (server/judgement).
#pragma once

#include "server/cli/account.hpp"
#include "server/cli/spoken_envelope.hpp"

#include "config/config.hpp"

#include "dns/ip_address.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace gatepost::server::cli {

struct Submission {
    dns::IpAddress ip;
    std::string helo;
    SpokenEnvelope spoken;
    std::string_view octets;  // as on the wire, dot-stuffing undone
};

// All but the stages that depend on more than the message: rates, the downstream, what is in flight.
boost::asio::awaitable<Account> examine(boost::asio::any_io_executor executor,
                                        std::shared_ptr<dns::Resolver> resolver,
                                        std::shared_ptr<const config::Config> config, Submission mail,
                                        std::chrono::system_clock::time_point now);

}  // namespace gatepost::server::cli
