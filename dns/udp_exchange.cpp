#include "dns/udp_exchange.hpp"

#include "dns/reply_matcher.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <memory>

namespace gatepost::dns {
namespace asio = boost::asio;
using asio::ip::udp;

namespace {

constexpr int max_mismatches = 64;          // local: a flood of forgeries ends the try (RFC 5452 §9.3)
constexpr int port_tries = 8;               // local: then the kernel chooses, which is random too
constexpr std::uint16_t first_port = 1024;  // RFC 5452 §9.2

udp::endpoint endpoint_of(const ServerAddress& server) {
    return udp::endpoint(asio::ip::make_address(server.address.text()), server.port);
}

ServerAddress address_of(const udp::endpoint& endpoint) {
    ServerAddress server;
    server.address = IpAddress::parse(endpoint.address().to_string()).value_or(IpAddress());
    server.port = endpoint.port();
    return server;
}

// Shared with the timer's handler, which may run after the coroutine is gone.
struct Attempt {
    explicit Attempt(const asio::any_io_executor& executor) : socket(executor), timer(executor) {}
    udp::socket socket;
    asio::steady_timer timer;
    bool timed_out = false;
};

void arm(const std::shared_ptr<Attempt>& attempt, std::chrono::milliseconds timeout) {
    attempt->timer.expires_after(timeout);
    attempt->timer.async_wait([attempt](boost::system::error_code error) {
        if (error) return;
        attempt->timed_out = true;
        boost::system::error_code ignored;
        attempt->socket.close(ignored);
    });
}

// Opens the socket on a random port and connects it, so that the kernel passes on the server's datagrams
// only.
boost::system::error_code open_connected(udp::socket& socket, const udp::endpoint& server,
                                         RandomSource& random) {
    boost::system::error_code error;
    socket.open(server.protocol(), error);
    if (error) return error;
    for (int i = 0; i < port_tries; ++i) {
        const std::uint16_t port = random.draw_16_bits();
        if (port < first_port) continue;
        socket.bind(udp::endpoint(server.protocol(), port), error);
        if (!error) break;
    }
    socket.connect(server, error);
    return error;
}

}  // namespace

asio::awaitable<ExchangeResult> exchange_udp(asio::any_io_executor executor, ServerAddress server,
                                             Query query, std::chrono::milliseconds timeout,
                                             RandomSource& random) {
    const auto attempt = std::make_shared<Attempt>(executor);
    const CloseOnExit<Attempt> closing(attempt);
    boost::system::error_code error = open_connected(attempt->socket, endpoint_of(server), random);
    if (error) co_return exchange_failed(error);
    arm(attempt, timeout);

    const std::vector<std::uint8_t> octets = encode_query(query);
    attempt->socket.send(asio::buffer(octets), 0, error);
    if (error) co_return exchange_failed(error);

    std::array<std::uint8_t, edns_udp_octets> buffer;
    for (int mismatches = 0; mismatches < max_mismatches; ++mismatches) {
        udp::endpoint sender;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        const std::size_t size =
            co_await attempt->socket.async_receive_from(asio::buffer(buffer), sender, token);
        if (attempt->timed_out) co_return exchange_timed_out();
        if (error == asio::error::operation_aborted) co_return exchange_cancelled();
        if (error) co_return exchange_failed(error);
        const Octets message(buffer.data(), size);
        const ReplyMatch match = match_reply(message, query, address_of(sender), server);
        if (match == ReplyMatch::malformed) co_return exchange_failed(Trouble::malformed, "malformed reply");
        if (match == ReplyMatch::ours) co_return exchange_replied(message);
    }
    co_return exchange_failed(Trouble::forged, "too many replies that do not match");
}

}  // namespace gatepost::dns
