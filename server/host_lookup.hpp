// The addresses of a host by the system's own resolver, so that names of containers and of /etc/hosts count.
// getaddrinfo() can be neither interrupted nor told how long it may take: with a dead name server it takes
// half a minute. So nobody waits for one that is late: no session, no start and no end of the process. Who
// asks for a host that is being asked for shares that answer; an address is not asked for at all.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace gatepost::server {

// `host`: a name, or an address as text. Gives addresses as text, in the order in which they are to be tried;
// none with `error` set, asio::error::timed_out after `timeout`.
boost::asio::awaitable<std::vector<std::string>> look_up_host(boost::asio::any_io_executor executor,
                                                              std::string host,
                                                              std::chrono::milliseconds timeout,
                                                              boost::system::error_code& error);

}  // namespace gatepost::server
