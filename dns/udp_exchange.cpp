#include "dns/udp_exchange.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace gatepost::dns {
namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

namespace {

constexpr int port_tries = 8;               // local: then the kernel chooses, which is random too
constexpr std::uint16_t first_port = 1024;  // RFC 5452 §9.2
// local: more than the 1232 octets that we ask for; what is longer is cut, and found broken.
constexpr std::size_t max_datagram = 4096;

udp::endpoint endpoint_of(const ServerAddress& server) {
    const auto& octets = server.address.octets();
    if (server.address.is_v6()) return udp::endpoint(asio::ip::address_v6(octets), server.port);
    const asio::ip::address_v4::bytes_type four = {octets[0], octets[1], octets[2], octets[3]};
    return udp::endpoint(asio::ip::address_v4(four), server.port);
}

// A datagram may have come between bind and connect, so the kernel's filter is not enough.
bool same_peer(const sockaddr_storage& from, const udp::endpoint& peer) {
    if (from.ss_family != peer.data()->sa_family) return false;
    if (from.ss_family == AF_INET) {
        const auto& got = reinterpret_cast<const sockaddr_in&>(from);
        const auto& want = *reinterpret_cast<const sockaddr_in*>(peer.data());
        return got.sin_port == want.sin_port && got.sin_addr.s_addr == want.sin_addr.s_addr;
    }
    const auto& got = reinterpret_cast<const sockaddr_in6&>(from);
    const auto& want = *reinterpret_cast<const sockaddr_in6*>(peer.data());
    return got.sin6_port == want.sin6_port &&
           std::memcmp(&got.sin6_addr, &want.sin6_addr, sizeof(in6_addr)) == 0;
}

}  // namespace

// Shared with the handler that waits for datagrams, which may run after the exchange was closed.
struct UdpExchange::Socket : std::enable_shared_from_this<Socket> {
    Socket(const asio::any_io_executor& executor, const ServerAddress& server)
        : socket(executor), peer(endpoint_of(server)) {}

    // On a random port, and connected, so that the kernel keeps back the datagrams of others.
    error_code open(RandomSource& random) {
        error_code error;
        socket.open(peer.protocol(), error);
        if (error) return error;
        for (int i = 0; i < port_tries; ++i) {
            const std::uint16_t port = random.draw_16_bits();
            if (port < first_port) continue;
            socket.bind(udp::endpoint(peer.protocol(), port), error);
            if (!error) break;
        }
        socket.connect(peer, error);
        return error;
    }

    void wait() {
        auto ready = [self = shared_from_this()](error_code error) {
            if (!self->listener) return;
            if (error)
                self->fail(Trouble::unreachable, error.message());
            else
                self->receive();
        };
        socket.async_wait(udp::socket::wait_read, std::move(ready));
    }

    // What has come. The listener may close the exchange while it hears of it.
    void receive() {
        std::array<std::uint8_t, max_datagram> buffer;
        while (listener) {
            sockaddr_storage from{};
            socklen_t from_size = sizeof from;
            const ssize_t size = ::recvfrom(socket.native_handle(), buffer.data(), buffer.size(),
                                            MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &from_size);
            if (size < 0 && errno == EINTR) continue;
            if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return wait();
            if (size < 0) {
                const error_code error(errno, boost::system::system_category());
                return fail(Trouble::unreachable, error.message());
            }
            const Octets message(buffer.data(), static_cast<std::size_t>(size));
            if (same_peer(from, peer) &&
                listener->on_message(tag, message) == ExchangeListener::Verdict::taken)
                return;
            if (++mismatches >= max_mismatches)
                return fail(Trouble::forged, "too many replies that do not match");
        }
    }

    void fail(Trouble trouble, const std::string& detail) {
        ExchangeListener* told = listener;
        close();
        if (told) told->on_failure(tag, trouble, detail);
    }

    void close() {
        listener = nullptr;
        error_code ignored;
        socket.close(ignored);
    }

    udp::socket socket;
    udp::endpoint peer;
    ExchangeListener* listener = nullptr;
    std::size_t tag = 0;
    unsigned mismatches = 0;
};

error_code UdpExchange::start(const asio::any_io_executor& executor, const ServerAddress& server,
                              Octets query, RandomSource& random, ExchangeListener& listener,
                              std::size_t tag) {
    auto socket = std::make_shared<Socket>(executor, server);
    error_code error = socket->open(random);
    if (!error) socket->socket.send(asio::buffer(query.data(), query.size()), 0, error);
    if (error) {
        socket->close();
        return error;
    }
    socket->listener = &listener;
    socket->tag = tag;
    socket->wait();
    socket_ = std::move(socket);
    return {};
}

void UdpExchange::close() {
    if (socket_) socket_->close();
    socket_.reset();
}

unsigned UdpExchange::mismatches() const {
    return socket_ ? socket_->mismatches : 0;
}

}  // namespace gatepost::dns
