#include "tests/support/scripted_downstream.hpp"

#include "tests/support/temporary_folder.hpp"

#include "server/relay/smtp_delivery.hpp"

#include "auth/message/header_block.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace gatepost::tests {
namespace asio = boost::asio;
namespace smtp = server::smtp;
namespace relay = server::relay;
using asio::ip::tcp;
using Refusal = SmtpDriver::Refusal;

struct ScriptedDownstream::Impl {
    Impl() : files(1), acceptor(context, {asio::ip::address_v4::loopback(), 0}) {
        state = std::make_shared<relay::DownstreamState>(1);
        pool = std::make_unique<relay::RelayPool>(
            context.get_executor(),
            std::vector<config::ServerDestination>{{"127.0.0.1", acceptor.local_endpoint().port()}},
            "mx.example", state);
        asio::co_spawn(context, serve(), asio::detached);
    }

    asio::awaitable<void> serve() {
        boost::system::error_code error;
        while (!error) {
            tcp::socket socket =
                co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
            if (!error) asio::co_spawn(context, talk(std::move(socket)), asio::detached);
        }
    }

    // Takes everything.
    asio::awaitable<void> talk(tcp::socket socket) {
        std::string input;
        std::string reply = "220 behind\r\n";
        boost::system::error_code error;
        for (;;) {
            co_await asio::async_write(socket, asio::buffer(reply),
                                       asio::redirect_error(asio::use_awaitable, error));
            const bool message = reply.starts_with("354");
            const std::string_view end = message ? "\r\n.\r\n" : "\r\n";
            if (error) co_return;
            // RFC 5321 §4.1.1.4: the CRLF of DATA may be the first of the end.
            if (message) input.insert(0, "\r\n");
            const std::size_t size = co_await asio::async_read_until(
                socket, asio::dynamic_buffer(input), end, asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return;
            reply = message ? take(input.substr(2, size - 2)) : answer(input.substr(0, size));
            input.erase(0, size);
            if (reply.empty()) co_return;
        }
    }

    static std::string answer(std::string_view line) {
        if (line.starts_with("EHLO")) return "250-behind\r\n250-PIPELINING\r\n250-SIZE\r\n250 8BITMIME\r\n";
        return line.starts_with("DATA") ? "354 go\r\n" : "250 ok\r\n";
    }

    std::string take(std::string_view wire) {
        smtp::DataDecoder decoder(10'000'000);
        last_message.clear();
        decoder.decode(wire, last_message);
        return final_reply.empty() ? "" : final_reply + "\r\n";
    }

    asio::awaitable<Refusal> add_recipient(smtp::Path path) {
        const smtp::Envelope sender;
        Refusal refusal = co_await delivery->add_recipient(sender, std::move(path));
        co_return refusal;
    }

    asio::awaitable<Refusal> deliver(std::string content) {
        const auto end = content.find("\r\n\r\n");
        const std::size_t header_end = end == std::string::npos ? content.size() : end + 4;
        server::Share share(budget);
        server::Share disk_share(disk);
        server::SpooledBody body(share, disk_share, files, folder.path());
        co_await body.append(std::string_view(content).substr(header_end));
        auto header = auth::HeaderBlock::parse(content.substr(0, header_end));
        const std::vector<std::string_view> removed;
        const server::OutgoingMessage message("", std::move(header), body, removed);
        const smtp::Reply reply = co_await delivery->deliver(message);
        delivery.reset();
        Refusal refusal;
        if (!reply.is_positive()) refusal = reply;
        co_return refusal;
    }

    // Until the task has ended; the server and the pool's timers have more to wait for.
    Refusal run(asio::awaitable<Refusal> task) {
        Refusal refusal;
        auto done = [&](std::exception_ptr failure, Refusal result) {
            if (failure) result = smtp::Reply(599, "", "the delivery threw");
            refusal = std::move(result);
            context.stop();
        };
        asio::co_spawn(context, std::move(task), done);
        context.restart();
        context.run();
        return refusal;
    }

    TemporaryFolder folder;
    server::SharedBudget budget{10'000'000};
    server::SharedBudget disk{100'000'000};
    server::FilePool files;
    asio::io_context context;
    tcp::acceptor acceptor;
    std::shared_ptr<relay::DownstreamState> state;
    std::unique_ptr<relay::RelayPool> pool;
    std::unique_ptr<relay::SmtpDelivery> delivery;
    std::string final_reply = "250 2.0.0 taken";
    std::string last_message;
};

ScriptedDownstream::ScriptedDownstream() : impl_(std::make_unique<Impl>()) {}

ScriptedDownstream::~ScriptedDownstream() = default;

void ScriptedDownstream::stand_behind(SmtpDriver& driver) {
    driver.check_sender = [this] {
        impl_->delivery = std::make_unique<relay::SmtpDelivery>(*impl_->pool, impl_->files);
        return Refusal();
    };
    driver.check_recipient = [this](const smtp::Path& path) {
        return impl_->run(impl_->add_recipient(path));
    };
    driver.check_message = [this](const std::string& content) {
        return impl_->run(impl_->deliver(content));
    };
}

void ScriptedDownstream::refuse_connections() {
    impl_->acceptor.close();
}

void ScriptedDownstream::answer_messages(std::string_view reply) {
    impl_->final_reply = reply;
}

const std::string& ScriptedDownstream::last_message() const {
    return impl_->last_message;
}

}  // namespace gatepost::tests
