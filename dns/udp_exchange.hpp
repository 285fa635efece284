// One query over UDP: a fresh connected socket on a random source port (RFC 5452 §9.2), one datagram out, and
// datagrams in until one matches. What does not match is passed over, up to a bound (RFC 5452 §9.3).
#pragma once

#include "dns/exchange_result.hpp"
#include "dns/random_source.hpp"
#include "dns/resolver_options.hpp"
#include "dns/wire_codec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace gatepost::dns {

// `executor`: the one that awaits. Ends within `timeout`, or when the awaiting coroutine is cancelled.
// `random` outlives the call.
boost::asio::awaitable<ExchangeResult> exchange_udp(boost::asio::any_io_executor executor,
                                                    ServerAddress server, Query query,
                                                    std::chrono::milliseconds timeout, RandomSource& random);

}  // namespace gatepost::dns
