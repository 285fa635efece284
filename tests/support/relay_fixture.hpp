// Downstream servers by script, over TCP or a UNIX socket, and transactions that are relayed to them.
#pragma once

#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include "server/relay/smtp_delivery.hpp"

#include "auth/message/header_block.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::tests {

namespace asio = boost::asio;
namespace smtp = server::smtp;
namespace relay = server::relay;
using asio::ip::tcp;

// One connection of a downstream server: for each line of the client the next answer is sent; an empty answer
// closes. Behind "354" the message is read to its end and kept.
class Downstream {
  public:
    static constexpr std::string_view early = "354, and 250 before the end";
    static constexpr std::string_view closing = "(and closes)";  // behind an answer

    explicit Downstream(asio::io_context& context)
        : acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), local_(context) {}

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    // Listens at a UNIX socket instead.
    void listen_at(const std::filesystem::path& path) {
        acceptor_.close();
        local_ = {local_.get_executor(), asio::local::stream_protocol::endpoint(path.string())};
    }
    // Answers of one connection, the greeting first.
    void expect_connection(std::deque<std::string> answers) { scripts_.push_back(std::move(answers)); }
    void start() { asio::co_spawn(acceptor_.get_executor(), serve(), asio::detached); }

    std::vector<std::string> lines;     // of all connections, in order
    std::vector<std::string> messages;  // as on the wire, without the final dot
    int connections = 0;

  private:
    using Socket = asio::generic::stream_protocol::socket;

    asio::awaitable<void> serve() {
        while (!scripts_.empty()) {
            Socket socket = co_await accept();
            ++connections;
            std::deque<std::string> answers = std::move(scripts_.front());
            scripts_.pop_front();
            co_await play(std::move(socket), std::move(answers));
        }
        acceptor_.close();
        local_.close();
    }

    asio::awaitable<Socket> accept() {
        if (local_.is_open()) {
            auto local = co_await local_.async_accept(asio::use_awaitable);
            co_return Socket(std::move(local));
        }
        tcp::socket accepted = co_await acceptor_.async_accept(asio::use_awaitable);
        co_return Socket(std::move(accepted));
    }

    asio::awaitable<void> play(Socket socket, std::deque<std::string> answers) {
        std::string input;
        boost::system::error_code error;
        while (!answers.empty() && !error) {
            const std::string answer = std::move(answers.front());
            answers.pop_front();
            if (answer.empty()) co_return;
            if (answer == early) {
                co_await play_early(socket);
                co_return;
            }
            const bool closes = answer.ends_with(closing);
            const std::string wire = answer.substr(0, answer.size() - (closes ? closing.size() : 0)) + "\r\n";
            co_await asio::async_write(socket, asio::buffer(wire),
                                       asio::redirect_error(asio::use_awaitable, error));
            if (error || closes) co_return;
            const std::string_view end = answer.starts_with("354") ? "\r\n.\r\n" : "\r\n";
            const std::size_t size = co_await asio::async_read_until(
                socket, asio::dynamic_buffer(input), end, asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return;
            const std::string read = input.substr(0, size - end.size());
            input.erase(0, size);
            (end.size() == 2 ? lines : messages).push_back(read);
        }
    }

    // The reply to the message comes when its first octets have.
    static asio::awaitable<void> play_early(Socket& socket) {
        std::string input;
        boost::system::error_code error;
        for (const std::string wire : {"354 go\r\n", "250 too early\r\n"}) {
            co_await asio::async_write(socket, asio::buffer(wire),
                                       asio::redirect_error(asio::use_awaitable, error));
            co_await asio::async_read_until(socket, asio::dynamic_buffer(input), "\r\n",
                                            asio::redirect_error(asio::use_awaitable, error));
        }
        co_await asio::async_read_until(socket, asio::dynamic_buffer(input), "\r\n.\r\n",
                                        asio::redirect_error(asio::use_awaitable, error));
    }

    tcp::acceptor acceptor_;
    asio::local::stream_protocol::acceptor local_;
    std::deque<std::deque<std::string>> scripts_;
};

inline const std::string greeting = "220 behind";
inline const std::string offers = "250-behind\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 8BITMIME";

using Replies = std::vector<std::string>;

class RelayFixture : public testing::Test {
  protected:
    RelayFixture() : files(1), body(share, disk_share, files, folder.path()), downstream(context) {
        header = auth::HeaderBlock::parse("Subject: x\r\n\r\n");
        tests::run(body.append("first\r\n.dot\r\n"));
    }

    smtp::Path path(std::string_view mailbox) {
        const std::string text = "<" + std::string(mailbox) + ">";
        return smtp::parse_forward_path(text).path.value();
    }

    // What the client would be told: a reply for each recipient ("ok" for taken), then the final one.
    asio::awaitable<std::vector<std::string>> transact(std::vector<std::string> recipients,
                                                       relay::RelayPool& pool) {
        relay::SmtpDelivery delivery(pool, files, client);
        std::vector<std::string> replies;
        smtp::Envelope envelope;
        bool any = false;
        for (const std::string& recipient : recipients) {
            smtp::Path forward_path = path(recipient);
            if (delivery.is_apart(forward_path)) {
                replies.push_back("apart");
                continue;
            }
            const std::optional<smtp::Reply> refusal =
                co_await delivery.add_recipient(envelope, std::move(forward_path));
            replies.push_back(refusal ? std::to_string(refusal->code()) + ' ' + refusal->text() : "ok");
            any = any || !refusal;
        }
        if (!any) co_return replies;
        const server::OutgoingMessage message = outgoing();
        const smtp::Reply final_reply = co_await delivery.deliver(message);
        replies.push_back(std::to_string(final_reply.code()) + ' ' + final_reply.text());
        co_return replies;
    }

    // Replies have no default value, which co_spawn() asks of a result.
    static asio::awaitable<std::optional<smtp::Reply>> deliver(relay::Delivery& delivery,
                                                               const server::OutgoingMessage& message) {
        std::optional<smtp::Reply> reply = co_await delivery.deliver(message);
        co_return reply;
    }

    std::vector<std::string> run(std::vector<std::string> recipients) {
        downstream.start();
        auto state = std::make_shared<relay::DownstreamState>(1);
        relay::RelayPool pool(context.get_executor(), {{"127.0.0.1", downstream.port()}}, "mx.example",
                              state);
        return run_one(transact(std::move(recipients), pool));
    }

    // A transaction falls silent at RCPT, another takes its connection meanwhile, and then it goes on.
    std::optional<smtp::Reply> deliver_behind_a_quick_one() {
        downstream.start();
        relay::PoolLimits limits;
        limits.connections = 1;
        limits.client_time = std::chrono::milliseconds(50);
        relay::RelayPool pool(context.get_executor(), {{"127.0.0.1", downstream.port()}}, "mx.example",
                              std::make_shared<relay::DownstreamState>(1), limits);
        relay::SmtpDelivery slow(pool, files);
        EXPECT_FALSE(run_one(slow.add_recipient(smtp::Envelope(), path("slow@example.com"))));
        EXPECT_EQ(run_one(transact({"quick@example.com"}, pool)), (Replies{"ok", "250 quick"}));
        const server::OutgoingMessage message = outgoing();
        return run_one(deliver(slow, message));
    }

    server::OutgoingMessage outgoing() const {
        return server::OutgoingMessage("Top: 1\r\n", header, body, {});
    }

    // Until the task has ended: the pool's timers and the downstream may have more to wait for.
    template <typename T>
    T run_one(asio::awaitable<T> task) {
        std::optional<T> result;
        auto done = [&](std::exception_ptr failure, T value) {
            if (!failure) result = std::move(value);
            context.stop();
        };
        asio::co_spawn(context, std::move(task), done);
        context.restart();
        context.run();
        return result.value();
    }

    TemporaryFolder folder;
    server::SharedBudget budget{10'000'000};
    server::SharedBudget disk{100'000'000};
    server::FilePool files;
    server::Share share{budget};
    server::Share disk_share{disk};
    server::SpooledBody body;
    auth::HeaderBlockPtr header;
    asio::io_context context;
    Downstream downstream;
    std::optional<relay::ForwardedClient> client;  // whom transact() tells
};

}  // namespace gatepost::tests
