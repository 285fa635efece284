// The QueryStream over an Asio stream, plain or with TLS on it; how it is connected and closed is for each.
#pragma once

#include "dns/stream_exchange.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace gatepost::dns {

template <typename Stream>
class SocketStream : public QueryStream {
  public:
    template <typename... Arguments>
    explicit SocketStream(Arguments&&... arguments) : stream_(std::forward<Arguments>(arguments)...) {}

    boost::asio::awaitable<boost::system::error_code> write(Octets octets) override {
        boost::system::error_code error;
        while (!octets.empty() && !error) {
            const auto buffer = boost::asio::buffer(octets.data(), octets.size());
            auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
            const std::size_t sent = co_await stream_.async_write_some(buffer, token);
            octets = octets.subspan(sent);
        }
        co_return error;
    }

    boost::asio::awaitable<std::size_t> read(std::span<std::uint8_t> room,
                                             boost::system::error_code& error) override {
        const auto buffer = boost::asio::buffer(room.data(), room.size());
        auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
        co_return co_await stream_.async_read_some(buffer, token);
    }

  protected:
    Stream stream_;
};

}  // namespace gatepost::dns
