// A connection to a downstream server, made ready for mail: connected, greeted, and under TLS as relay.tls
// wants it (RFC 3207 §4); a UNIX socket is safe without.
#pragma once

#include "server/relay/relay_connection.hpp"

#include "config/config.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace gatepost::server {
class TlsClientContext;
}

namespace gatepost::server::relay {

// How connections are protected. `context` is there unless `mode` is off.
struct Security {
    config::RelayTls mode = config::RelayTls::off;
    std::shared_ptr<TlsClientContext> context;
};

struct Dial {
    config::ServerDestination to;
    std::size_t destination = 0;  // its place in relay.to
    std::string hostname;         // ours
    Security security;
    std::chrono::milliseconds connect_time;
    std::chrono::milliseconds reply_time;  // for each of greeting, EHLO, STARTTLS, the handshake
    std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();  // for all
    std::function<void(RelayConnection&)> on_connected;  // called before the first octet
    std::function<void(RelayConnection&)> on_end;
    // Where TLS failed and the mail will go in the clear: who, and why.
    std::function<void(const std::string& server, const std::string& problem)> on_fallback;
};

// Null with `trouble` set where the server cannot be reached, does not speak its protocol, or cannot be
// secured although it must. The session is ready otherwise.
//
// opportunistic falls back to clear text where STARTTLS is not offered or is refused; where the handshake
// fails, on a new connection, as this one is lost. required never does.
boost::asio::awaitable<std::unique_ptr<RelayConnection>> dial(boost::asio::any_io_executor executor,
                                                              Dial order, Trouble& trouble);

}  // namespace gatepost::server::relay
