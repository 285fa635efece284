// Plain TCP to a server (RFC 7766), for stream_exchange.
#pragma once

#include "dns/resolver_options.hpp"
#include "dns/stream_exchange.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace gatepost::dns {

std::unique_ptr<QueryStream> make_tcp_stream(const boost::asio::any_io_executor& executor,
                                             const ServerAddress& server);

}  // namespace gatepost::dns
