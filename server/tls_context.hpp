// The server's side of TLS: certificates by the name that the client asks for (RFC 6066 §3), their OCSP
// staples, session tickets, and whose clients' certificates are believed. Loaded once, shared by connections,
// replaced as a whole when a file changes. OpenSSL's TLS is met in the sources named tls_* alone.
#pragma once

#include "server/file_stamps.hpp"
#include "server/tls_tickets.hpp"

#include "config/config.hpp"

#include <memory>
#include <string>
#include <vector>

struct ssl_ctx_st;

namespace gatepost::server {

class TlsContext {
  public:
    // Null where a file cannot be used; `problem` then says why and which. Files are read anew, keys too.
    // Tickets sealed by `tickets` count as long as client_ca stays what it is.
    static std::shared_ptr<TlsContext> load(const config::Tls& settings, std::shared_ptr<TicketKeys> tickets,
                                            std::string& problem);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    // With the default certificate; a name in the handshake leads to another.
    ssl_ctx_st* native() const;
    // As they were when read.
    const FileStamps& stamps() const;
    // What works, but not as its operator hopes: a staple that is not sent.
    const std::vector<std::string>& warnings() const;

  private:
    struct Impl;
    explicit TlsContext(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatepost::server
