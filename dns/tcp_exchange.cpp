#include "dns/tcp_exchange.hpp"

#include "dns/socket_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace gatepost::dns {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

class TcpStream final : public SocketStream<tcp::socket> {
  public:
    TcpStream(const asio::any_io_executor& executor, const ServerAddress& server)
        : SocketStream(executor), peer_(asio::ip::make_address(server.address.text()), server.port) {}

    asio::awaitable<error_code> connect() override {
        error_code error;
        co_await stream_.async_connect(peer_, asio::redirect_error(asio::use_awaitable, error));
        error_code ignored;  // small messages, each complete: nothing to gather (RFC 7766 §8)
        if (!error) stream_.set_option(tcp::no_delay(true), ignored);
        co_return error;
    }

    void close() override {
        error_code ignored;
        stream_.close(ignored);
    }

  private:
    tcp::endpoint peer_;
};

}  // namespace

std::unique_ptr<QueryStream> make_tcp_stream(const asio::any_io_executor& executor,
                                             const ServerAddress& server) {
    return std::make_unique<TcpStream>(executor, server);
}

}  // namespace gatepost::dns
