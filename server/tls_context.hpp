// The server's certificate, key and TLS settings, loaded once and shared by connections (RFC 3207, RFC 8996
// for the versions). One door to OpenSSL's TLS, with stream.cpp.
#pragma once

#include "config/config.hpp"

#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace gatepost::server {

class TlsContext {
  public:
    // Null where the certificate or key cannot be used; `problem` then says why and which file.
    static std::shared_ptr<TlsContext> load(const config::Tls& settings, std::string& problem);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    boost::asio::ssl::context& native();

  private:
    TlsContext();
    std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace gatepost::server
