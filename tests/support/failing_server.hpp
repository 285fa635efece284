// A downstream server that is well but for one fault, which every connection meets while it is set.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::tests {

struct Fault {
    std::string step;   // "greeting", "EHLO" (LHLO, HELO), a verb, "RCPT 2", "content", "dot"; empty: none
    std::string reply;  // sent in place of its own, or one of those below; 421 closes
};
inline constexpr std::string_view dropped = "(closes)";
inline constexpr std::string_view hung = "(says nothing)";

class FailingServer {
    using Socket = boost::asio::ip::tcp::socket;

  public:
    FailingServer(boost::asio::io_context& context, std::string extensions)
        : context_(context),
          acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}),
          extensions_(std::move(extensions)) {
        boost::asio::co_spawn(context, serve(), boost::asio::detached);
    }

    FailingServer(const FailingServer&) = delete;
    FailingServer& operator=(const FailingServer&) = delete;
    // Conversations end before what they speak of goes.
    ~FailingServer() {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        for (Socket* socket : open_)
            socket->close(ignored);
        context_.restart();
        context_.poll();
    }

    std::uint16_t port() const { return port_; }
    void close() { acceptor_.close(); }
    // On every open connection, without having been asked.
    void say_unasked(const std::string& octets) {
        boost::system::error_code ignored;
        for (Socket* socket : open_)
            boost::asio::write(*socket, boost::asio::buffer(octets), ignored);
    }

    Fault fault;
    // Sent in one write with the last reply to each message; empty: nothing.
    std::string behind_final;
    // Messages that came with their final dot; how many recipients each had; whether it may be kept: taken,
    // or not answered.
    struct Message {
        int recipients = 0;
        bool taken = false;
        bool answered = true;
        std::size_t octets = 0;
    };
    std::vector<Message> messages;
    int connections = 0;
    std::vector<std::string> lines;

  private:
    boost::asio::awaitable<void> serve() {
        boost::system::error_code error;
        while (!error) {
            Socket socket = co_await acceptor_.async_accept(
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
            if (!error) boost::asio::co_spawn(context_, talk(std::move(socket)), boost::asio::detached);
        }
    }

    // False: the connection is over.
    boost::asio::awaitable<bool> say(Socket& socket, std::string step, std::string reply) {
        const bool faulty = fault.step == step;
        if (faulty) reply = fault.reply;
        if (reply == dropped) co_return false;
        boost::system::error_code error;
        if (reply == hung) {
            char rest = 0;
            while (!error)
                co_await socket.async_read_some(
                    boost::asio::buffer(&rest, 1),
                    boost::asio::redirect_error(boost::asio::use_awaitable, error));
            co_return false;
        }
        const std::string wire = reply + "\r\n";
        co_await boost::asio::async_write(socket, boost::asio::buffer(wire),
                                          boost::asio::redirect_error(boost::asio::use_awaitable, error));
        co_return !error && !reply.starts_with("421");
    }

    boost::asio::awaitable<bool> read(Socket& socket, std::string& input, std::string_view end,
                                      std::string& found) {
        boost::system::error_code error;
        const std::size_t size = co_await boost::asio::async_read_until(
            socket, boost::asio::dynamic_buffer(input), end,
            boost::asio::redirect_error(boost::asio::use_awaitable, error));
        if (error) co_return false;
        found = input.substr(0, size - end.size());
        input.erase(0, size);
        co_return true;
    }

    boost::asio::awaitable<void> talk(Socket socket) {
        ++connections;
        open_.push_back(&socket);
        socket.set_option(boost::asio::ip::tcp::no_delay(true));
        std::string input;
        std::string line;
        int asked = 0;
        int taken = 0;
        bool open = co_await say(socket, "greeting", "220 behind");
        while (open) {
            open = co_await read(socket, input, "\r\n", line);
            if (!open) break;
            lines.push_back(line);
            std::string verb = line.substr(0, line.find(' '));
            if (verb == "LHLO" || verb == "HELO") verb = "EHLO";
            if (verb == "MAIL") asked = taken = 0;
            if (verb == "RCPT" && ++asked == 2) verb = "RCPT 2";
            std::string reply = "250 2.0.0 ok";
            if (verb == "EHLO") reply = "250-behind\r\n" + extensions_ + "250 ENHANCEDSTATUSCODES";
            if (verb == "XCLIENT") reply = "220 behind";
            if (verb == "DATA") reply = "354 go";
            open = co_await say(socket, verb, reply);
            if (verb.starts_with("RCPT") && (fault.step != verb || fault.reply.starts_with("2"))) ++taken;
            if (open && verb == "DATA" && (fault.step != verb || fault.reply.starts_with("354")))
                open = co_await take_message(socket, input, taken);
        }
        std::erase(open_, &socket);
    }

    boost::asio::awaitable<bool> take_message(Socket& socket, std::string& input, int recipients) {
        std::string content;
        if (fault.step == "content") {
            const bool begun = co_await read(socket, input, "\r\n", content);
            if (!begun) co_return false;
            boost::system::error_code error;
            if (fault.reply == hung) {  // does not read either
                boost::asio::steady_timer never(context_, std::chrono::hours(1));
                co_await never.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
                co_return false;
            }
            bool open = co_await say(socket, "content", "");
            while (open && !error) {  // has replied, and never will again
                input.resize(64 * 1024);
                co_await socket.async_read_some(
                    boost::asio::buffer(input),
                    boost::asio::redirect_error(boost::asio::use_awaitable, error));
            }
            co_return false;
        }
        input.insert(0, "\r\n");  // RFC 5321 §4.1.1.4: the CRLF of DATA may be the first of the end
        const bool whole = co_await read(socket, input, "\r\n.\r\n", content);
        if (!whole) co_return false;
        const bool faulty = fault.step == "dot";
        Message& message = messages.emplace_back();
        message.recipients = recipients;
        message.octets = content.size() - 2;
        message.taken = !faulty || fault.reply.starts_with("2");
        const bool lmtp = extensions_.find("LMTP") != std::string::npos;
        const char first = faulty ? fault.reply[0] : '2';
        message.answered = first == '2' || first == '4' || first == '5';
        // RFC 2033 §4.2: a reply for each recipient; one that closes leaves out the others.
        if (faulty && lmtp && recipients > 1 && fault.reply.starts_with("421")) message.answered = false;
        bool open = true;
        const int replies = lmtp ? recipients : 1;
        for (int i = 0; i < replies && open; ++i) {
            std::string reply = "250 2.0.0 taken";
            if (i + 1 == replies && !behind_final.empty()) reply += "\r\n" + behind_final;
            open = co_await say(socket, "dot", std::move(reply));
        }
        co_return open;
    }

    boost::asio::io_context& context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::vector<Socket*> open_;
    const std::uint16_t port_ = acceptor_.local_endpoint().port();
    std::string extensions_;  // lines of the reply to EHLO; "250-LMTP" tells this class the protocol
};

}  // namespace gatepost::tests
