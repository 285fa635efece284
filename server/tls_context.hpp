// The server's certificate, key and TLS settings, loaded once and shared by connections (RFC 3207, RFC 8996
// for the versions). OpenSSL's TLS is met in the sources named tls_* alone.
#pragma once

#include "config/config.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace gatepost::server {

class TlsContext {
  public:
    // Null where the certificate or key cannot be used; `problem` then says why and which file.
    static std::shared_ptr<TlsContext> load(const config::Tls& settings, std::string& problem);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    ssl_ctx_st* native() const { return context_; }

  private:
    explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
    ssl_ctx_st* context_;
};

}  // namespace gatepost::server
