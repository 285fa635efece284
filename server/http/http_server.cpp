#include "server/http/http_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <list>
#include <optional>
#include <string_view>
#include <utility>

namespace gatepost::server::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using RequestParser = beast::http::request_parser<beast::http::empty_body>;
using HttpResponse = beast::http::response<beast::http::string_body>;

constexpr std::size_t max_drained_octets = 64 * 1024;  // local: of a request that was refused unread
constexpr std::chrono::milliseconds drain_time{1000};

// `head`: the request was HEAD. RFC 9110 §9.3.2: the same fields as for GET, Content-Length too, and no
// content.
HttpResponse http_response(const Response& response, unsigned version, bool keep_alive, bool head) {
    HttpResponse out;
    out.result(response.status);
    out.version(version);
    out.set(beast::http::field::content_type, response.content_type);
    out.set(beast::http::field::cache_control, "no-store");
    out.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.fields)
        out.set(name, value);
    out.body() = response.body;
    out.keep_alive(keep_alive);
    out.prepare_payload();
    if (head) out.body().clear();
    return out;
}

Response refusal(unsigned status, std::string text) {
    Response response;
    response.status = status;
    response.body = std::move(text);
    return response;
}

// Has a body, which nothing here wants.
bool has_content(const RequestParser& parser) {
    return parser.chunked() || parser.content_length().value_or(0) > 0;
}

// Any other method is refused by its name, whatever comes with it.
bool takes_no_content(std::string_view method) {
    return method == "GET" || method == "HEAD";
}

// RFC 9112 §3.2: exactly one Host field, in HTTP/1.1.
bool lacks_host(const RequestParser& parser) {
    const auto& request = parser.get();
    const auto count = request.count(beast::http::field::host);
    return request.version() == 11 ? count != 1 : count > 1;
}

// What a request that could not be read is told; nothing where the connection is gone or silent.
std::optional<Response> refusal_of(const error_code& error) {
    if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow)
        return refusal(431, "the request is too large\n");
    if (error == beast::http::error::end_of_stream || error == beast::http::error::partial_message)
        return std::nullopt;
    if (error.category() == make_error_code(beast::http::error::bad_method).category())
        return refusal(400, "not an HTTP/1.1 request\n");
    return std::nullopt;
}

struct Connection {
    explicit Connection(tcp::socket socket) : stream(std::move(socket)) {}
    beast::tcp_stream stream;
    beast::flat_buffer buffer;
};

}  // namespace

// Everything runs on the context's one thread but stop(), which posts there.
struct HttpServer::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::io_context& io, Routes r, HttpLimits l)
        : context(io), acceptor(io), routes(std::move(r)), limits(l) {}

    void serve(ListeningSocket socket);
    void close();
    void admit(tcp::socket socket);

    static asio::awaitable<void> accept(std::shared_ptr<Impl> self);
    static asio::awaitable<void> serve(std::shared_ptr<Impl> self, std::shared_ptr<Connection> connection);
    asio::awaitable<bool> read_request(Connection& connection, RequestParser& parser, error_code& error);
    asio::awaitable<bool> exchange(Connection& connection);
    asio::awaitable<bool> send(Connection& connection, HttpResponse& response);
    static asio::awaitable<void> drain(Connection& connection);

    asio::io_context& context;
    tcp::acceptor acceptor;
    Routes routes;
    const HttpLimits limits;
    std::list<std::shared_ptr<Connection>> connections;  // the one that was silent longest first
    std::uint16_t bound_port = 0;
    bool closed = false;
};

void HttpServer::Impl::serve(ListeningSocket socket) {
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    ::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&bound), &length);
    acceptor.assign(bound.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), socket.descriptor());
    socket.release();
    bound_port = acceptor.local_endpoint().port();
    asio::co_spawn(context, accept(shared_from_this()), asio::detached);
}

void HttpServer::Impl::close() {
    closed = true;
    error_code ignored;
    acceptor.close(ignored);
    for (const auto& connection : connections)
        connection->stream.close();
}

void HttpServer::Impl::admit(tcp::socket socket) {
    // Room is made by the one that was silent longest: a probe always gets in, whoever holds connections
    // open.
    if (connections.size() >= limits.connections) {
        connections.front()->stream.close();
        connections.pop_front();
    }
    auto connection = std::make_shared<Connection>(std::move(socket));
    connections.push_back(connection);
    asio::co_spawn(context, serve(shared_from_this(), std::move(connection)), asio::detached);
}

asio::awaitable<void> HttpServer::Impl::accept(std::shared_ptr<Impl> self) {
    asio::steady_timer pause(self->context);
    while (!self->closed) {
        error_code error;
        tcp::socket socket(self->context);
        co_await self->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
        if (self->closed) break;
        if (!error) {
            self->admit(std::move(socket));
            continue;
        }
        if (error == asio::error::connection_aborted) continue;
        // No descriptors or no memory (EMFILE, ENFILE, ENOBUFS): the connection stays in the queue and accept
        // would fail again at once, so wait instead of spinning.
        pause.expires_after(self->limits.accept_pause);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
}

asio::awaitable<void> HttpServer::Impl::serve(std::shared_ptr<Impl> self,
                                              std::shared_ptr<Connection> connection) {
    bool keep = true;
    while (keep && !self->closed) {
        keep = co_await self->exchange(*connection);
        auto& list = self->connections;
        const auto place = std::find(list.begin(), list.end(), connection);
        if (place == list.end()) keep = false;  // it had to make room
        if (keep) list.splice(list.end(), list, place);
    }
    connection->stream.close();
    self->connections.remove(connection);
}

// True: a request's header is there. False: the connection ended or fell silent, or `error` tells what is
// wrong.
asio::awaitable<bool> HttpServer::Impl::read_request(Connection& connection, RequestParser& parser,
                                                     error_code& error) {
    auto token = asio::redirect_error(asio::use_awaitable, error);
    if (connection.buffer.size() == 0) {
        // Waiting for the first octet may take long, the request itself may not.
        connection.stream.expires_after(limits.idle_time);
        auto space = connection.buffer.prepare(limits.header_octets);
        const std::size_t octets = co_await connection.stream.async_read_some(space, token);
        connection.buffer.commit(octets);
        if (error) co_return false;
    }
    connection.stream.expires_after(limits.request_time);
    co_await beast::http::async_read_header(connection.stream, connection.buffer, parser, token);
    co_return !error;
}

// One request and its response. False: the connection is over.
asio::awaitable<bool> HttpServer::Impl::exchange(Connection& connection) {
    error_code error;
    RequestParser parser;
    parser.header_limit(limits.header_octets);
    const bool got = co_await read_request(connection, parser, error);
    std::optional<Response> response;
    bool keep_alive = false;
    unsigned version = 11;
    if (got) {
        const auto& request = parser.get();
        version = request.version();
        Request asked;
        asked.method = std::string(request.method_string());
        asked.target = std::string(request.target());
        asked.host = std::string(request[beast::http::field::host]);
        asked.authorization = std::string(request[beast::http::field::authorization]);
        const bool refused = lacks_host(parser) || (has_content(parser) && takes_no_content(asked.method));
        response = refused ? refusal(400, "not a request that is answered here\n") : answer(routes, asked);
        // What follows a request that was refused unread cannot be told from a next one.
        keep_alive = !refused && request.keep_alive() && !has_content(parser);
    } else {
        response = refusal_of(error);
    }
    if (!response) co_return false;
    const bool head = parser.get().method() == beast::http::verb::head;
    HttpResponse message = http_response(*response, version, keep_alive, head);
    co_return co_await send(connection, message);
}

asio::awaitable<bool> HttpServer::Impl::send(Connection& connection, HttpResponse& response) {
    error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    connection.stream.expires_after(limits.response_time);
    co_await beast::http::async_write(connection.stream, response, token);
    if (!error && response.keep_alive()) co_return true;
    if (!error) co_await drain(connection);
    co_return false;
}

// Reads on for a moment after our last octet: closing over unread input makes the kernel send a reset, which
// can take the response from the client.
asio::awaitable<void> HttpServer::Impl::drain(Connection& connection) {
    error_code error;
    connection.stream.socket().shutdown(tcp::socket::shutdown_send, error);
    connection.stream.expires_after(drain_time);
    auto token = asio::redirect_error(asio::use_awaitable, error);
    std::array<char, 4096> unread;
    auto space = asio::buffer(unread);
    for (std::size_t octets = 0; !error && octets < max_drained_octets;)
        octets += co_await connection.stream.async_read_some(space, token);
}

HttpServer::HttpServer(asio::io_context& context, Routes routes, HttpLimits limits)
    : impl_(std::make_shared<Impl>(context, std::move(routes), limits)) {}

HttpServer::~HttpServer() {
    stop();
}

void HttpServer::serve(ListeningSocket socket) {
    impl_->serve(std::move(socket));
}

std::uint16_t HttpServer::port() const {
    return impl_->bound_port;
}

void HttpServer::use_token(std::string token) {
    asio::post(impl_->context,
               [impl = impl_, token = std::move(token)]() mutable { impl->routes.token = std::move(token); });
}

void HttpServer::stop() {
    asio::post(impl_->context, [impl = impl_] { impl->close(); });
}

}  // namespace gatepost::server::http
