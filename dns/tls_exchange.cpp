#include "dns/tls_exchange.hpp"

#include "dns/release.hpp"
#include "dns/socket_stream.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <map>
#include <string>
#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using SessionPtr = std::unique_ptr<SSL_SESSION, Release<SSL_SESSION_free>>;

// Whom the certificate must name. False: OpenSSL cannot.
bool expect_peer(SSL* ssl, const ServerAddress& server) {
    if (server.tls_name) {
        SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        const char* name = server.tls_name->text().c_str();
        return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
    }
    const std::size_t size = server.address.bits() / 8;
    return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), server.address.octets().data(), size) == 1;
}

}  // namespace

// Shared with the streams, which may outlive the client.
struct TlsClient::State {
    State() : context(asio::ssl::context::tls_client) {
        SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);  // RFC 8996 §2
        context.set_verify_mode(asio::ssl::verify_peer);
        context.set_default_verify_paths();
        SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);  // kept here
    }

    asio::ssl::context context;
    std::map<std::string, SessionPtr> sessions;  // by server and name: a session was verified for that name
};

namespace {

template <typename State>
class TlsStream final : public SocketStream<asio::ssl::stream<tcp::socket>> {
  public:
    TlsStream(std::shared_ptr<State> client, const asio::any_io_executor& executor, ServerAddress server)
        : SocketStream(executor, client->context), client_(std::move(client)), server_(std::move(server)) {}

    asio::awaitable<error_code> connect() override {
        error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        const tcp::endpoint peer(asio::ip::make_address(server_.address.text()), server_.port);
        co_await stream_.next_layer().async_connect(peer, token);
        if (error) co_return error;
        error_code ignored;
        stream_.next_layer().set_option(tcp::no_delay(true), ignored);
        if (!expect_peer(ssl(), server_)) co_return make_error_code(asio::error::no_memory);
        if (const auto& session = client_->sessions[to_string(server_)])
            SSL_set_session(ssl(), session.get());
        co_await stream_.async_handshake(asio::ssl::stream_base::client, token);
        established_ = !error;
        co_return error;
    }

    // No close_notify is waited for: the queries are answered or lost already. OpenSSL is told that the
    // session ended well, as it forgets it otherwise.
    void close() override {
        if (std::exchange(established_, false)) {
            SSL_set_shutdown(ssl(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
            SessionPtr session(SSL_get1_session(ssl()));
            if (session && SSL_SESSION_is_resumable(session.get()) == 1)
                client_->sessions[to_string(server_)] = std::move(session);
        }
        error_code ignored;
        stream_.next_layer().close(ignored);
    }

    std::string describe(const error_code& error) const override {
        const long verified = SSL_get_verify_result(const_cast<TlsStream*>(this)->ssl());
        if (verified == X509_V_OK) return error.message();
        return std::string("certificate refused: ") + X509_verify_cert_error_string(verified);
    }

  private:
    SSL* ssl() { return stream_.native_handle(); }

    std::shared_ptr<State> client_;
    ServerAddress server_;
    bool established_ = false;
};

}  // namespace

TlsClient::TlsClient() : state_(std::make_shared<State>()) {}

std::unique_ptr<QueryStream> TlsClient::make_stream(const asio::any_io_executor& executor,
                                                    const ServerAddress& server) const {
    return std::make_unique<TlsStream<State>>(state_, executor, server);
}

}  // namespace gatepost::dns
