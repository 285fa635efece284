// TLS to a server (RFC 7858), for stream_exchange: strict, as RFC 8310 §5 has it. The certificate must chain
// up to the system's store (SSL_CERT_FILE and SSL_CERT_DIR are OpenSSL's own ways to another one) and be of
// the name that the configuration gives, or of the address where it gives none. Without that nothing is
// asked. The one door to OpenSSL's TLS in this folder.
#pragma once

#include "dns/resolver_options.hpp"
#include "dns/stream_exchange.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace gatepost::dns {

class TlsClient {
  public:
    // Reads the store. Throws boost::system::system_error where OpenSSL has no TLS client to give.
    TlsClient();

    // A stream that resumes the last session with this server, where there is one (RFC 7858 §3.4).
    std::unique_ptr<QueryStream> make_stream(const boost::asio::any_io_executor& executor,
                                             const ServerAddress& server) const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace gatepost::dns
