// A DNS server on 127.0.0.1 for tests: a script says what it sends back, over UDP and TCP on one port.
#pragma once

#include "tests/unit/dns/message_builder.hpp"

#include "dns/resolver_options.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <functional>
#include <utility>
#include <vector>

namespace gatepost::dns::tests {

namespace asio = boost::asio;

class LoopbackServer {
  public:
    // The messages to send back, in order; over TCP the first one counts.
    using Script = std::function<std::vector<Bytes>(const Query& query, bool over_tcp)>;

    LoopbackServer(asio::io_context& context, Script script)
        : script_(std::move(script)),
          udp_(context, asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), 0)),
          tcp_(context,
               asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), udp_.local_endpoint().port())) {
        asio::co_spawn(context, serve_udp(), asio::detached);
        asio::co_spawn(context, serve_tcp(), asio::detached);
    }

    ServerAddress address() const {
        ServerAddress server;
        server.address = *IpAddress::parse("127.0.0.1");
        server.port = udp_.local_endpoint().port();
        return server;
    }
    void close() {
        udp_.close();
        tcp_.close();
    }

    std::vector<Query> asked;  // `edns` as it came
    std::vector<std::uint16_t> ports;

  private:
    std::vector<Bytes> handle(Octets message, bool over_tcp) {
        const auto question = read_question(message);
        Query query;
        query.id = read_header(message)->id;
        query.name = *question->name;
        query.type = RrType{question->type};
        query.edns = read_header(message)->additionals == 1;
        asked.push_back(query);
        return script_(query, over_tcp);
    }

    asio::awaitable<void> serve_udp() {
        std::array<std::uint8_t, 2048> buffer{};
        for (;;) {
            asio::ip::udp::endpoint client;
            boost::system::error_code error;
            auto token = asio::redirect_error(asio::use_awaitable, error);
            const std::size_t size = co_await udp_.async_receive_from(asio::buffer(buffer), client, token);
            if (error) co_return;
            ports.push_back(client.port());
            for (const Bytes& reply : handle(Octets(buffer).first(size), false)) {
                boost::system::error_code ignored;
                udp_.send_to(asio::buffer(reply), client, 0, ignored);
            }
        }
    }

    asio::awaitable<void> serve_tcp() {
        for (;;) {
            boost::system::error_code error;
            auto token = asio::redirect_error(asio::use_awaitable, error);
            asio::ip::tcp::socket client = co_await tcp_.async_accept(token);
            if (error) co_return;
            std::array<std::uint8_t, 2> length{};
            co_await asio::async_read(client, asio::buffer(length), token);
            if (error) continue;
            Bytes message(read_16_bits(length, 0));
            co_await asio::async_read(client, asio::buffer(message), token);
            if (error) continue;
            const std::vector<Bytes> replies = handle(message, true);
            if (replies.empty()) {
                silent_.push_back(std::move(client));
                continue;
            }
            Bytes framed;
            put_16(framed, static_cast<unsigned>(replies.front().size()));
            framed.insert(framed.end(), replies.front().begin(), replies.front().end());
            co_await asio::async_write(client, asio::buffer(framed), token);
        }
    }

    Script script_;
    asio::ip::udp::socket udp_;
    asio::ip::tcp::acceptor tcp_;
    std::vector<asio::ip::tcp::socket> silent_;
};

}  // namespace gatepost::dns::tests
