#include "server/stream.hpp"

#include "server/deadline.hpp"
#include "server/host_lookup.hpp"
#include "server/input_buffer.hpp"
#include "server/tls_client_certificate.hpp"
#include "server/tls_client_context.hpp"
#include "server/tls_context.hpp"
#include "server/tls_session.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <utility>
#include <vector>

namespace gatepost::server {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using LocalSocket = asio::local::stream_protocol::socket;
using AnySocket = asio::generic::stream_protocol::socket;  // of TCP, or a UNIX one

namespace {

// local: so many records are read or written without a pause; then other sessions have their turn.
constexpr unsigned steps_in_a_row = 16;
// local: a UNIX socket refuses at once where its server has not yet taken the connections before.
constexpr auto full_backlog_time = std::chrono::milliseconds(20);

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
    explicit Impl(LocalSocket&& connected) : socket(std::move(connected)) {}

    // Calls `attempt` until it needs nothing more, waiting for the socket or for its turn between the calls.
    template <typename Attempt>
    asio::awaitable<void> drive(Attempt attempt, error_code& error) {
        for (;;) {
            const TlsSession::Step step = attempt();
            error.clear();
            if (step == TlsSession::Step::closed) error = asio::error::eof;
            if (step == TlsSession::Step::failed) error = failure();
            const bool is_turn_over = step == TlsSession::Step::turn_over;
            const bool waits = step == TlsSession::Step::want_read || step == TlsSession::Step::want_write;
            if (!waits && !is_turn_over) break;
            in_a_row = 0;
            if (waits) {
                const auto what =
                    step == TlsSession::Step::want_write ? AnySocket::wait_write : AnySocket::wait_read;
                co_await socket.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
                if (error) co_return;
            }
            if (is_turn_over || is_each_step_a_turn) co_await wait_for_turn();
        }
        if (++in_a_row < steps_in_a_row) co_return;
        in_a_row = 0;
        co_await asio::post(socket.get_executor(), asio::use_awaitable);
    }

    asio::awaitable<void> wait_for_turn() {
        if (turn)
            co_await turn();
        else
            co_await asio::post(socket.get_executor(), asio::use_awaitable);
        tls->begin_turn();
    }

    error_code failure() const {
        if (tls->system_error() != 0)
            return error_code(tls->system_error(), boost::system::system_category());
        return boost::system::errc::make_error_code(boost::system::errc::protocol_error);
    }

    AnySocket socket;
    std::shared_ptr<const void> context;  // of TLS; kept for the connection's life
    std::unique_ptr<TlsSession> tls;
    Turn turn;  // empty: of who is trusted
    bool is_each_step_a_turn = false;
    unsigned in_a_row = 0;
};

Stream::Stream(asio::any_io_executor executor, int socket, bool v6)
    : impl_(std::make_unique<Impl>(adopt(executor, socket, v6))) {}

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Stream::~Stream() = default;

asio::awaitable<std::unique_ptr<Stream>> Stream::connect(asio::any_io_executor executor, std::string host,
                                                         std::uint16_t port,
                                                         std::chrono::milliseconds timeout,
                                                         error_code& error) {
    using std::chrono::steady_clock;
    const steady_clock::time_point end = steady_clock::now() + timeout;
    const std::vector<std::string> found = co_await look_up_host(executor, std::move(host), timeout, error);
    if (error) co_return nullptr;
    std::vector<tcp::endpoint> endpoints;
    for (const std::string& address : found)
        endpoints.emplace_back(asio::ip::make_address(address), port);
    tcp::socket socket(executor);
    Deadline deadline(executor, [&] {
        error_code ignored;
        socket.close(ignored);
    });
    deadline.expires_after(std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now()));
    co_await asio::async_connect(socket, endpoints, asio::redirect_error(asio::use_awaitable, error));
    if (deadline.has_expired()) error = asio::error::timed_out;
    if (error) co_return nullptr;
    const bool v6 = socket.remote_endpoint(error).address().is_v6();
    if (error) co_return nullptr;
    const int native = socket.release(error);
    if (error) co_return nullptr;
    co_return std::make_unique<Stream>(executor, native, v6);
}

asio::awaitable<std::unique_ptr<Stream>> Stream::connect_local(asio::any_io_executor executor,
                                                               std::string path,
                                                               std::chrono::milliseconds timeout,
                                                               error_code& error) {
    LocalSocket socket(executor);
    asio::steady_timer pause(executor);
    Deadline deadline(executor, [&] {
        pause.cancel();
        error_code ignored;
        socket.close(ignored);
    });
    deadline.expires_after(timeout);
    const asio::local::stream_protocol::endpoint endpoint(path);
    for (;;) {
        co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
        // unix(7): where the backlog is full the socket is left as it was, and is never connected later.
        if (!error) socket.remote_endpoint(error);
        if (error != asio::error::not_connected || deadline.has_expired()) break;
        socket.close(error);
        pause.expires_after(full_backlog_time);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
    if (deadline.has_expired()) error = asio::error::timed_out;
    if (error) co_return nullptr;
    co_return std::unique_ptr<Stream>(new Stream(std::make_unique<Impl>(std::move(socket))));
}

asio::awaitable<void> Stream::read(InputBuffer& input, std::size_t max, error_code& error) {
    const std::span<char> space = input.room(max);
    std::size_t got = 0;
    if (impl_->tls) {
        auto attempt = [tls = impl_->tls.get(), space, &got] {
            return tls->read(space, got);
        };
        co_await impl_->drive(attempt, error);
    } else {
        const asio::mutable_buffer buffer(space.data(), space.size());
        got =
            co_await impl_->socket.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
    }
    input.received(got);
}

std::string_view Stream::write_now(std::string_view octets) {
    if (impl_->tls || octets.empty()) return octets;
    const ssize_t sent =
        ::send(impl_->socket.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) octets.remove_prefix(static_cast<std::size_t>(sent));
    return octets;
}

asio::awaitable<std::size_t> Stream::write(std::string_view octets, error_code& error) {
    const std::size_t size = octets.size();
    if (!impl_->tls) {
        const asio::const_buffer data(octets.data(), octets.size());
        co_return co_await asio::async_write(impl_->socket, data,
                                             asio::redirect_error(asio::use_awaitable, error));
    }
    error.clear();
    while (!octets.empty() && !error) {
        std::size_t written = 0;
        auto attempt = [tls = impl_->tls.get(), octets, &written] {
            return tls->write(octets, written);
        };
        co_await impl_->drive(attempt, error);
        octets.remove_prefix(written);
    }
    co_return size - octets.size();
}

asio::awaitable<void> Stream::accept_tls(std::shared_ptr<TlsContext> context, const Turn& turn,
                                         error_code& error) {
    auto session = std::make_unique<TlsSession>(context->native(), TlsSession::Role::server,
                                                impl_->socket.native_handle());
    impl_->context = std::move(context);
    impl_->turn = turn;
    impl_->is_each_step_a_turn = true;
    co_await shake_hands(std::move(session), error);
    impl_->is_each_step_a_turn = false;
}

asio::awaitable<void> Stream::connect_tls(std::shared_ptr<TlsClientContext> context, std::string host,
                                          bool verify, error_code& error) {
    auto session = std::make_unique<TlsSession>(context->native(), TlsSession::Role::client,
                                                impl_->socket.native_handle());
    impl_->context = std::move(context);
    error = asio::error::invalid_argument;
    if (session->expect_server(host, verify)) co_await shake_hands(std::move(session), error);
}

asio::awaitable<void> Stream::shake_hands(std::unique_ptr<TlsSession> session, error_code& error) {
    impl_->socket.native_non_blocking(true, error);
    if (error) co_return;
    impl_->tls = std::move(session);
    auto attempt = [tls = impl_->tls.get()] {
        return tls->shake_hands();
    };
    co_await impl_->drive(attempt, error);
}

asio::awaitable<void> Stream::shut_down() {
    error_code ignored;
    if (impl_->tls) {
        auto attempt = [tls = impl_->tls.get()] {
            return tls->shut_down();
        };
        co_await impl_->drive(attempt, ignored);
    }
    impl_->socket.shutdown(AnySocket::shutdown_send, ignored);
}

void Stream::cancel() {
    error_code ignored;
    impl_->socket.cancel(ignored);
}

void Stream::close() {
    error_code ignored;
    if (impl_->tls) impl_->tls->forget_socket();
    impl_->socket.close(ignored);
}

bool Stream::has_input() {
    if (impl_->tls) return impl_->tls->has_input();
    error_code ignored;
    return impl_->socket.available(ignored) > 0;
}

bool Stream::is_quiet() {
    if (impl_->tls) return impl_->tls->is_quiet();
    char octet = 0;
    const ssize_t got = ::recv(impl_->socket.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

bool Stream::is_tls() const {
    return impl_->tls != nullptr;
}

std::string Stream::tls_version() const {
    return impl_->tls ? impl_->tls->version() : "";
}

std::string Stream::tls_cipher() const {
    return impl_->tls ? impl_->tls->cipher() : "";
}

std::shared_ptr<const policy::ClientCertificate> Stream::client_certificate(std::string& problem) const {
    return impl_->tls ? verified_client_certificate(impl_->tls->native(), problem) : nullptr;
}

bool Stream::are_tls_records_spent() const {
    return impl_->tls && impl_->tls->are_records_spent();
}

std::string Stream::tls_problem() const {
    return impl_->tls ? impl_->tls->problem() : "";
}

}  // namespace gatepost::server
