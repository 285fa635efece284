#include "server/tls_context.hpp"

#include "server/tls_handles.hpp"
#include "server/tls_key_pair.hpp"

#include <new>

namespace gatepost::server {

TlsContext::~TlsContext() {
    SSL_CTX_free(context_);
}

std::shared_ptr<TlsContext> TlsContext::load(const config::Tls& settings, std::string& problem) {
    TlsContextHandle context(SSL_CTX_new(TLS_server_method()));
    if (!context) throw std::bad_alloc();
    harden_tls(context.get());
    if (settings.minimum_version == config::Tls::Version::tls1_3)
        SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    if (!use_key_pair(context.get(), settings, "tls", problem)) return nullptr;
    return std::shared_ptr<TlsContext>(new TlsContext(context.release()));
}

}  // namespace gatepost::server
