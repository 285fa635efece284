#include "server/stream.hpp"

#include "server/deadline.hpp"
#include "server/tls_context.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <unistd.h>

#include <optional>
#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

tcp::socket adopt(const asio::any_io_executor& executor, int socket, bool v6) {
    tcp::socket adopted(executor);
    error_code error;
    adopted.assign(v6 ? tcp::v6() : tcp::v4(), socket, error);
    if (!error) return adopted;
    ::close(socket);
    throw boost::system::system_error(error);
}

}  // namespace

struct Stream::Impl {
    explicit Impl(tcp::socket&& connected) : socket(std::move(connected)) {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
    }

    tcp::socket socket;
    std::shared_ptr<TlsContext> context;
    std::optional<asio::ssl::stream<tcp::socket&>> tls;
};

Stream::Stream(asio::any_io_executor executor, int socket, bool v6)
    : impl_(std::make_unique<Impl>(adopt(executor, socket, v6))) {}

Stream::~Stream() = default;

asio::awaitable<std::unique_ptr<Stream>> Stream::connect(asio::any_io_executor executor, std::string host,
                                                         std::uint16_t port,
                                                         std::chrono::milliseconds timeout,
                                                         error_code& error) {
    tcp::resolver resolver(executor);
    tcp::socket socket(executor);
    Deadline deadline(executor, [&] {
        resolver.cancel();
        error_code ignored;
        socket.close(ignored);
    });
    deadline.expires_after(timeout);
    const std::string service = std::to_string(port);
    const auto found = co_await resolver.async_resolve(host, service, tcp::resolver::numeric_service,
                                                       asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_await asio::async_connect(socket, found, asio::redirect_error(asio::use_awaitable, error));
    if (deadline.has_expired()) error = asio::error::timed_out;
    if (error) co_return nullptr;
    const bool v6 = socket.remote_endpoint(error).address().is_v6();
    if (error) co_return nullptr;
    const int native = socket.release(error);
    if (error) co_return nullptr;
    co_return std::make_unique<Stream>(executor, native, v6);
}

asio::awaitable<void> Stream::read(std::string& input, std::size_t max, error_code& error) {
    const std::size_t had = input.size();
    input.resize(had + max);
    const asio::mutable_buffer space(input.data() + had, max);
    std::size_t got = 0;
    if (impl_->tls)
        got = co_await impl_->tls->async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
    else
        got = co_await impl_->socket.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
    input.resize(had + got);
}

asio::awaitable<void> Stream::write(std::string_view octets, error_code& error) {
    const asio::const_buffer data(octets.data(), octets.size());
    if (impl_->tls)
        co_await asio::async_write(*impl_->tls, data, asio::redirect_error(asio::use_awaitable, error));
    else
        co_await asio::async_write(impl_->socket, data, asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> Stream::accept_tls(std::shared_ptr<TlsContext> context, error_code& error) {
    impl_->context = std::move(context);
    impl_->tls.emplace(impl_->socket, impl_->context->native());
    co_await impl_->tls->async_handshake(asio::ssl::stream_base::server,
                                         asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> Stream::shut_down() {
    error_code ignored;
    if (impl_->tls) co_await impl_->tls->async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    impl_->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void Stream::cancel() {
    error_code ignored;
    impl_->socket.cancel(ignored);
}

void Stream::close() {
    error_code ignored;
    impl_->socket.close(ignored);
}

bool Stream::has_input() const {
    error_code ignored;
    return impl_->socket.available(ignored) > 0;
}

bool Stream::is_tls() const {
    return impl_->tls.has_value();
}

std::string Stream::tls_version() const {
    return impl_->tls ? SSL_get_version(impl_->tls->native_handle()) : "";
}

std::string Stream::tls_cipher() const {
    return impl_->tls ? SSL_get_cipher_name(impl_->tls->native_handle()) : "";
}

}  // namespace gatepost::server
