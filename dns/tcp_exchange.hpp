// One query over a TCP connection of its own (RFC 1035 §4.2.2, RFC 7766): two octets of length, the message.
#pragma once

#include "dns/exchange_result.hpp"
#include "dns/resolver_options.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace gatepost::dns {

// Ends within `timeout`, connecting included, or when the awaiting coroutine is cancelled.
boost::asio::awaitable<ExchangeResult> exchange_tcp(ServerAddress server, Query query,
                                                    std::chrono::milliseconds timeout);

}  // namespace gatepost::dns
