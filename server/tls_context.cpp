#include "server/tls_context.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

namespace gatepost::server {
namespace ssl = boost::asio::ssl;

TlsContext::TlsContext() : context_(std::make_unique<ssl::context>(ssl::context::tls_server)) {}

TlsContext::~TlsContext() = default;

ssl::context& TlsContext::native() {
    return *context_;
}

std::shared_ptr<TlsContext> TlsContext::load(const config::Tls& settings, std::string& problem) {
    std::shared_ptr<TlsContext> loaded(new TlsContext);
    ssl::context& context = loaded->native();
    boost::system::error_code error;
    context.use_certificate_chain_file(settings.certificate.string(), error);
    if (error) {
        problem = "tls.certificate " + settings.certificate.string() + ": " + error.message();
        return nullptr;
    }
    context.use_private_key(boost::asio::buffer(settings.private_key), ssl::context::pem, error);
    if (error) {
        problem = "tls.private_key: " + error.message();
        return nullptr;
    }
    SSL_CTX* native = context.native_handle();
    if (SSL_CTX_check_private_key(native) != 1) {
        problem = "tls.private_key does not belong to " + settings.certificate.string();
        return nullptr;
    }
    const bool only_1_3 = settings.minimum_version == config::Tls::Version::tls1_3;
    SSL_CTX_set_min_proto_version(native, only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(native,
                        SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // an idle connection gives back 34 KiB
    return loaded;
}

}  // namespace gatepost::server
