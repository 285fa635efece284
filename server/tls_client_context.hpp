// TLS towards a downstream server: whom we trust (`relay.ca`) and who we are (`relay.client_certificate`).
// Loaded once, shared by connections.
#pragma once

#include "config/config.hpp"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace gatepost::server {

class TlsClientContext {
  public:
    // Null where a file cannot be used; `problem` then says why and which. The system's own authorities are
    // looked for where relay.ca names no file.
    static std::shared_ptr<TlsClientContext> load(const config::Relay& settings, std::string& problem);
    ~TlsClientContext();
    TlsClientContext(const TlsClientContext&) = delete;
    TlsClientContext& operator=(const TlsClientContext&) = delete;

    ssl_ctx_st* native() const { return context_; }

  private:
    explicit TlsClientContext(ssl_ctx_st* context) : context_(context) {}
    ssl_ctx_st* context_;
};

}  // namespace gatepost::server
