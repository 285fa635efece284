// TLS towards a downstream server: whom we trust (`relay.ca`) and who we are (`relay.client_certificate`).
// Loaded once, shared by connections.
#pragma once

#include "server/file_stamps.hpp"

#include "config/config.hpp"

#include <memory>
#include <string>
#include <utility>

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
    // Of the files, as they were when read.
    const FileStamps& stamps() const { return stamps_; }

  private:
    TlsClientContext(ssl_ctx_st* context, FileStamps stamps)
        : context_(context), stamps_(std::move(stamps)) {}
    ssl_ctx_st* context_;
    FileStamps stamps_;
};

}  // namespace gatepost::server
