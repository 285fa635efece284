#include "dns/tcp_exchange.hpp"

#include "dns/reply_matcher.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <memory>

namespace gatepost::dns {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Shared with the timer's handler, which may run after the coroutine is gone.
struct Connection {
    explicit Connection(const asio::any_io_executor& executor) : socket(executor), timer(executor) {}
    tcp::socket socket;
    asio::steady_timer timer;
    bool timed_out = false;
};
using ConnectionPtr = std::shared_ptr<Connection>;

void arm(const ConnectionPtr& connection, std::chrono::milliseconds timeout) {
    connection->timer.expires_after(timeout);
    connection->timer.async_wait([connection](boost::system::error_code error) {
        if (error) return;
        connection->timed_out = true;
        boost::system::error_code ignored;
        connection->socket.close(ignored);
    });
}

// One write: some servers read the length and the message as one (RFC 7766 §8).
std::vector<std::uint8_t> framed(const Query& query) {
    std::vector<std::uint8_t> octets = encode_query(query);
    const auto size = static_cast<std::uint16_t>(octets.size());
    octets.insert(octets.begin(), {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
    return octets;
}

// The first error on the way, and the reply's octets where there is none.
asio::awaitable<boost::system::error_code> converse(ConnectionPtr connection, tcp::endpoint server,
                                                    std::vector<std::uint8_t> query,
                                                    std::vector<std::uint8_t>& reply) {
    boost::system::error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await connection->socket.async_connect(server, token);
    if (error) co_return error;
    co_await asio::async_write(connection->socket, asio::buffer(query), token);
    if (error) co_return error;
    std::array<std::uint8_t, 2> length{};
    co_await asio::async_read(connection->socket, asio::buffer(length), token);
    if (error) co_return error;
    reply.resize(read_16_bits(length, 0));
    co_await asio::async_read(connection->socket, asio::buffer(reply), token);
    co_return error;
}

}  // namespace

asio::awaitable<ExchangeResult> exchange_tcp(asio::any_io_executor executor, ServerAddress server,
                                             Query query, std::chrono::milliseconds timeout) {
    const auto connection = std::make_shared<Connection>(executor);
    const CloseOnExit<Connection> closing(connection);
    arm(connection, timeout);

    const tcp::endpoint endpoint(asio::ip::make_address(server.address.text()), server.port);
    std::vector<std::uint8_t> reply;
    std::vector<std::uint8_t> request = framed(query);
    const boost::system::error_code error =
        co_await converse(connection, endpoint, std::move(request), reply);
    if (connection->timed_out) co_return exchange_timed_out();
    if (error == asio::error::operation_aborted) co_return exchange_cancelled();
    if (error) co_return exchange_failed(error);
    // On a connection of its own there is nothing else to wait for.
    if (match_reply(reply, query, server, server) != ReplyMatch::ours)
        co_return exchange_failed(Trouble::malformed, "malformed reply");
    co_return exchange_replied(reply);
}

}  // namespace gatepost::dns
