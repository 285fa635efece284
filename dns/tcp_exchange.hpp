// One query over a TCP connection of its own (RFC 1035 §4.2.2, RFC 7766): two octets of length, the message.
#pragma once

#include "dns/exchange_result.hpp"
#include "dns/resolver_options.hpp"
#include "dns/wire_codec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace gatepost::dns {

// `executor`: the one that awaits. Ends within `timeout`, connecting included, or when the awaiting coroutine
// is cancelled.
boost::asio::awaitable<ExchangeResult> exchange_tcp(boost::asio::any_io_executor executor,
                                                    ServerAddress server, Query query,
                                                    std::chrono::milliseconds timeout);

}  // namespace gatepost::dns
