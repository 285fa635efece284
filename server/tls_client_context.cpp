#include "server/tls_client_context.hpp"

#include "server/tls_handles.hpp"
#include "server/tls_key_pair.hpp"

#include <new>

namespace gatepost::server {

TlsClientContext::~TlsClientContext() {
    SSL_CTX_free(context_);
}

std::shared_ptr<TlsClientContext> TlsClientContext::load(const config::Relay& settings,
                                                         std::string& problem) {
    FileStamps stamps(
        {settings.ca, settings.client_certificate.certificate, settings.client_certificate.private_key_file});
    ERR_clear_error();
    TlsContextHandle context(SSL_CTX_new(TLS_client_method()));
    if (!context) throw std::bad_alloc();
    harden_tls(context.get());
    const bool found = settings.ca.empty()
                           ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                           : SSL_CTX_load_verify_file(context.get(), settings.ca.c_str()) == 1;
    if (!found) {
        const std::string where = settings.ca.empty() ? "system" : settings.ca.string();
        problem = "relay.ca " + where + ": " + take_tls_error("it cannot be used");
        return nullptr;
    }
    if (settings.client_certificate.configured() &&
        !use_key_pair(context.get(), settings.client_certificate, "relay.client_certificate", problem))
        return nullptr;
    return std::shared_ptr<TlsClientContext>(new TlsClientContext(context.release(), std::move(stamps)));
}

}  // namespace gatepost::server
