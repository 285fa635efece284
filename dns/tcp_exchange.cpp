#include "dns/tcp_exchange.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace gatepost::dns {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

class TcpStream final : public QueryStream {
  public:
    TcpStream(const asio::any_io_executor& executor, const ServerAddress& server)
        : socket_(executor), peer_(asio::ip::make_address(server.address.text()), server.port) {}

    asio::awaitable<error_code> connect() override {
        error_code error;
        co_await socket_.async_connect(peer_, asio::redirect_error(asio::use_awaitable, error));
        error_code ignored;  // small messages, each complete: nothing to gather (RFC 7766 §8)
        if (!error) socket_.set_option(tcp::no_delay(true), ignored);
        co_return error;
    }

    asio::awaitable<error_code> write(Octets octets) override {
        error_code error;
        const auto buffer = asio::buffer(octets.data(), octets.size());
        co_await asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, error));
        co_return error;
    }

    asio::awaitable<std::size_t> read(std::span<std::uint8_t> room, error_code& error) override {
        const auto buffer = asio::buffer(room.data(), room.size());
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_return co_await socket_.async_read_some(buffer, token);
    }

    void close() override {
        error_code ignored;
        socket_.close(ignored);
    }

  private:
    tcp::socket socket_;
    tcp::endpoint peer_;
};

}  // namespace

std::unique_ptr<QueryStream> make_tcp_stream(const asio::any_io_executor& executor,
                                             const ServerAddress& server) {
    return std::make_unique<TcpStream>(executor, server);
}

}  // namespace gatepost::dns
