// A DNS server on 127.0.0.1 for tests: a script says what it sends back, over UDP and TCP on one port.
#pragma once

#include "tests/unit/dns/message_builder.hpp"

#include "dns/resolver_options.hpp"
#include "dns/stream_framing.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::dns::tests {

namespace asio = boost::asio;

// The query as it came: its spelling, whether it has an OPT record, its cookie.
inline Query read_query(Octets message) {
    const auto question = read_question(message);
    const auto records = read_records(message);
    Query query;
    query.id = read_header(message)->id;
    query.name = *question->name;
    query.type = RrType{question->type};
    query.authentic_data = read_header(message)->authentic_data;
    const ReplyOptions options = read_options(message, *records);
    query.edns = options.edns;
    query.cookie = options.cookie;
    for (std::size_t at = header_octets; message[at] != 0; at += message[at] + 1U) {
        if (!query.spelling.empty()) query.spelling += '.';
        for (const std::uint8_t octet : message.subspan(at + 1, message[at]))
            query.spelling += static_cast<char>(octet);
    }
    return query;
}

class LoopbackServer {
  public:
    // The messages to send back, in order.
    using Script = std::function<std::vector<Bytes>(const Query& query, bool over_tcp)>;
    using TcpScript = std::function<asio::awaitable<void>(std::shared_ptr<asio::ip::tcp::socket> client)>;

    LoopbackServer(asio::io_context& context, Script script)
        : script_(std::move(script)), udp_(context), tcp_(context) {
        take_a_port();
        asio::co_spawn(context, serve_udp(), asio::detached);
        asio::co_spawn(context, serve_tcp(), asio::detached);
    }

    ServerAddress address() const {
        ServerAddress server;
        server.address = *IpAddress::parse("127.0.0.1");
        server.port = udp_.local_endpoint().port();
        return server;
    }
    // Instead of the script, for each connection over TCP.
    void serve_tcp_by(TcpScript script) { tcp_script_ = std::move(script); }
    void refuse_tcp() { tcp_.close(); }
    void close() {
        udp_.close();
        tcp_.close();
        for (const auto& client : clients_)
            client->close();
    }

    std::chrono::milliseconds delay{0};  // of replies over UDP
    std::vector<Query> asked;
    std::vector<std::uint16_t> ports;
    std::size_t over_tcp = 0;
    std::size_t connections = 0;

  private:
    using Client = std::shared_ptr<asio::ip::tcp::socket>;

    std::vector<Bytes> handle(Octets message, bool is_tcp) {
        const Query query = read_query(message);
        asked.push_back(query);
        if (is_tcp) ++over_tcp;
        return script_(query, is_tcp);
    }

    // One that is free for UDP and TCP: what is free for the one may be another's for the other.
    void take_a_port() {
        const auto loopback = asio::ip::address_v4::loopback();
        boost::system::error_code error = asio::error::address_in_use;
        for (int tries = 0; error && tries < 50; ++tries) {
            udp_ = asio::ip::udp::socket(udp_.get_executor(), asio::ip::udp::endpoint(loopback, 0));
            tcp_ = asio::ip::tcp::acceptor(tcp_.get_executor(), asio::ip::tcp::v4());
            tcp_.bind(asio::ip::tcp::endpoint(loopback, udp_.local_endpoint().port()), error);
        }
        tcp_.listen();
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
            auto replies = handle(Octets(buffer).first(size), false);
            asio::co_spawn(udp_.get_executor(), send(std::move(replies), client), asio::detached);
        }
    }

    asio::awaitable<void> send(std::vector<Bytes> replies, asio::ip::udp::endpoint client) {
        boost::system::error_code ignored;
        if (delay.count() > 0) {
            asio::steady_timer timer(udp_.get_executor(), delay);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        for (const Bytes& reply : replies)
            udp_.send_to(asio::buffer(reply), client, 0, ignored);
    }

    asio::awaitable<void> serve_tcp() {
        for (;;) {
            boost::system::error_code error;
            auto token = asio::redirect_error(asio::use_awaitable, error);
            const auto client = std::make_shared<asio::ip::tcp::socket>(tcp_.get_executor());
            co_await tcp_.async_accept(*client, token);
            if (error) co_return;
            ++connections;
            clients_.push_back(client);
            auto conversation = tcp_script_ ? tcp_script_(client) : serve_client(client);
            asio::co_spawn(tcp_.get_executor(), std::move(conversation), asio::detached);
        }
    }

    asio::awaitable<void> serve_client(Client client) {
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        FrameReader reader;
        std::array<std::uint8_t, 2048> buffer{};
        for (;;) {
            const std::size_t size = co_await client->async_read_some(asio::buffer(buffer), token);
            if (error) co_return;
            reader.put(Octets(buffer).first(size));
            Bytes framed;
            while (const auto message = reader.take())
                for (const Bytes& reply : handle(*message, true))
                    append_framed(framed, reply);
            co_await asio::async_write(*client, asio::buffer(framed), token);
        }
    }

    Script script_;
    TcpScript tcp_script_;
    asio::ip::udp::socket udp_;
    asio::ip::tcp::acceptor tcp_;
    std::vector<Client> clients_;
};

}  // namespace gatepost::dns::tests
