// Queries over one connection to one server, TCP or TLS: kept open for the next ones, pipelined, answered in
// any order (RFC 7766 §6.2, §7; RFC 7858 §3.4). It is opened when there is something to ask and closed when
// nothing has been for some seconds. A connection that the server closes, or that brings nothing while a
// reply is due, is opened anew once for each query.
#pragma once

#include "dns/exchange_listener.hpp"
#include "dns/wire_codec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gatepost::dns {

// An octet stream to a server. Its coroutines end, with an error, when it is closed; whoever awaits one keeps
// it alive.
class QueryStream {
  public:
    virtual ~QueryStream() = default;
    virtual boost::asio::awaitable<boost::system::error_code> connect() = 0;
    // All of the octets, which stay where they are until then.
    virtual boost::asio::awaitable<boost::system::error_code> write(Octets octets) = 0;
    // How many octets came, at least one unless there is an error.
    virtual boost::asio::awaitable<std::size_t> read(std::span<std::uint8_t> buffer,
                                                     boost::system::error_code& error) = 0;
    virtual void close() = 0;
    // What `error`, which this stream gave, means to people.
    virtual std::string describe(const boost::system::error_code& error) const { return error.message(); }
};

class StreamExchange {
  public:
    struct Limits {
        std::chrono::milliseconds idle{5000};  // RFC 7766 §6.2.3: seconds
        std::chrono::milliseconds stalled{
            2500};                   // local: half of the usual bound, so that there is a second try
        std::size_t queries = 1000;  // local: on their way at once
    };
    using MakeStream = std::function<std::unique_ptr<QueryStream>()>;
    struct Ticket {
        std::uint16_t id = 0;
        std::uint64_t serial = 0;
    };

    // `make_stream` outlives this; everything happens on the thread of `executor`.
    StreamExchange(boost::asio::any_io_executor executor, MakeStream make_stream);
    StreamExchange(boost::asio::any_io_executor executor, MakeStream make_stream, Limits limits);
    // Closes the connection; the listeners hear nothing more.
    ~StreamExchange();
    StreamExchange(const StreamExchange&) = delete;
    StreamExchange& operator=(const StreamExchange&) = delete;

    // Sends the query, under the identifier in the ticket: that of the query, or another one if it is in use
    // (RFC 7766 §6.2.1). The listener is told of the message with that identifier, or of the failure.
    // nullopt: there are too many on their way.
    std::optional<Ticket> ask(Query query, ExchangeListener& listener, std::size_t tag);
    // The listener hears nothing more of it.
    void forget(const Ticket& ticket);

    // Connections opened so far.
    std::uint64_t connections() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace gatepost::dns
