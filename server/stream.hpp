// One TCP connection, plain or with TLS on it from some moment on, or one over a UNIX socket: one type for
// all, so that the drivers of the protocols are written once. Everything runs on the executor it was made
// with.
#pragma once

#include "policy/client_certificate.hpp"

#include "dns/ip_address.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gatepost::server {

class InputBuffer;
class TlsClientContext;
class TlsContext;
class TlsSession;

class Stream {
  public:
    // Takes a connected, non-blocking socket and owns it, also where this throws: the kernel may have no
    // place left to watch it.
    Stream(boost::asio::any_io_executor executor, int socket, bool v6);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Resolves `host` by the system (names of containers and /etc/hosts included) and tries its addresses in
    // turn, for `timeout` in all. Null with `error` set where none can be had.
    static boost::asio::awaitable<std::unique_ptr<Stream>> connect(boost::asio::any_io_executor executor,
                                                                   std::string host, std::uint16_t port,
                                                                   std::chrono::milliseconds timeout,
                                                                   boost::system::error_code& error);

    // The same over the UNIX stream socket at `path`, which must fit into one's address.
    static boost::asio::awaitable<std::unique_ptr<Stream>> connect_local(
        boost::asio::any_io_executor executor, std::string path, std::chrono::milliseconds timeout,
        boost::system::error_code& error);

    // Appends what is there, at least one and at most `max` octets, to `input`. The end of the stream is
    // asio::error::eof.
    boost::asio::awaitable<void> read(InputBuffer& input, std::size_t max, boost::system::error_code& error);
    // Writes what the socket takes at once, without TLS, and gives what is left for write(), which also tells
    // of errors.
    std::string_view write_now(std::string_view octets);
    // Writes all of `octets`, which must stay until then. Gives how many have gone; in an error no other can
    // reach the peer: a TLS record that is not whole says nothing (RFC 8446 §5.2).
    boost::asio::awaitable<std::size_t> write(std::string_view octets, boost::system::error_code& error);
    // Returns when the work may go on.
    using Turn = std::function<boost::asio::awaitable<void>()>;
    // The server's side of a TLS handshake. `context` and `turn` are kept for the connection's life. Each
    // step that octets of the client ask for waits for its `turn`, and so do its later records without data.
    boost::asio::awaitable<void> accept_tls(std::shared_ptr<TlsContext> context, const Turn& turn,
                                            boost::system::error_code& error);
    // The client's side, with a server that is known as `host`, a name or an address. With `verify` its
    // certificate must be good for that.
    boost::asio::awaitable<void> connect_tls(std::shared_ptr<TlsClientContext> context, std::string host,
                                             bool verify, boost::system::error_code& error);
    // Sends TLS close_notify where there is TLS, and ends the sending side. Bound it by a deadline: a peer
    // may never read.
    boost::asio::awaitable<void> shut_down();

    // Ends every operation under way with asio::error::operation_aborted.
    void cancel();
    void close();

    // Octets have come that read() would give at once.
    bool has_input();
    // Neither octets nor the end of the stream have come.
    bool is_quiet();
    bool is_tls() const;
    std::string tls_version() const;  // "TLSv1.3"; empty without TLS
    std::string tls_cipher() const;   // "TLS_AES_256_GCM_SHA384"
    // Of a client, where one was shown and verified; else null, and `problem` says why one that was shown was
    // not.
    std::shared_ptr<const policy::ClientCertificate> client_certificate(std::string& problem) const;
    // It ended as the peer sent TLS records and no data.
    bool are_tls_records_spent() const;
    // Why a handshake, or TLS itself later, has failed; empty: it has not.
    std::string tls_problem() const;

  private:
    boost::asio::awaitable<void> shake_hands(std::unique_ptr<TlsSession> session,
                                             boost::system::error_code& error);
    struct Impl;
    explicit Stream(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatepost::server
