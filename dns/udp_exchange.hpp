// One query over UDP: a fresh connected socket on a random source port (RFC 5452 §9.2), one datagram out, and
// datagrams in until one is taken. Those that do not match are passed over; after twenty the socket is
// dropped, as somebody is forging (RFC 5452 §9.3).
#pragma once

#include "dns/exchange_listener.hpp"
#include "dns/random_source.hpp"
#include "dns/resolver_options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>

#include <memory>

namespace gatepost::dns {

class UdpExchange {
  public:
    static constexpr unsigned max_mismatches = 20;  // local: honest networks bring a late one or two

    UdpExchange() = default;
    // Closes the socket; the listener hears nothing more.
    ~UdpExchange() { close(); }
    UdpExchange(UdpExchange&& other) noexcept = default;
    UdpExchange& operator=(UdpExchange&& other) = delete;

    // Sends the octets; once. An error: nothing was sent, and the listener is not told. `listener` outlives
    // this exchange; all of it happens on the thread of `executor`.
    boost::system::error_code start(const boost::asio::any_io_executor& executor, const ServerAddress& server,
                                    Octets query, RandomSource& random, ExchangeListener& listener,
                                    std::size_t tag);
    void close();
    bool open() const { return socket_ != nullptr; }
    // How many datagrams did not match so far.
    unsigned mismatches() const;

  private:
    struct Socket;
    std::shared_ptr<Socket> socket_;
};

}  // namespace gatepost::dns
