// The addresses of a host by the system's own resolver, so that names of containers and of /etc/hosts count.
// getaddrinfo() can be neither interrupted nor told how long it may take: with a dead name server it takes
// half a minute. So nobody waits for one that is late, those behind it in the queue are dropped unasked, and
// an address as text does not queue at all.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace gatepost::server {

// Within `timeout`; else asio::error::timed_out. `host`: a name, or an address as text.
boost::asio::awaitable<boost::asio::ip::tcp::resolver::results_type> look_up_host(
    boost::asio::any_io_executor executor, std::string host, std::uint16_t port,
    std::chrono::milliseconds timeout, boost::system::error_code& error);

}  // namespace gatepost::server
