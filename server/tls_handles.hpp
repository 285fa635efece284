// Owners of OpenSSL's TLS objects, for the sources named tls_* alone: no other header shows OpenSSL.
#pragma once

#include "dns/release.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace gatepost::server {

using TlsContextHandle = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;
using TlsHandle = std::unique_ptr<SSL, Release<SSL_free>>;
using TlsBio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using TlsKey = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using TlsCertificate = std::unique_ptr<X509, Release<X509_free>>;
using TlsStore = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;

// What the library says of its last error, for people; empties its queue. `otherwise` where it says nothing.
inline std::string take_tls_error(const char* otherwise) {
    const unsigned long error = ERR_peek_last_error();
    const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
    ERR_clear_error();
    return reason == nullptr ? otherwise : reason;
}

}  // namespace gatepost::server
