#include "server/relay/dial.hpp"

#include "server/tls_client_context.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::server::relay {
namespace asio = boost::asio;
using config::RelayTls;
namespace {

enum class Secured {
    yes,
    left_clear,        // not offered, or refused: the connection goes on as it is
    handshake_failed,  // the connection is lost
    failed,            // likewise, for another reason
};

std::chrono::milliseconds reply_time(const Dial& order) {
    const auto left = order.until - std::chrono::steady_clock::now();
    if (left >= order.reply_time) return order.reply_time;
    return std::max(std::chrono::milliseconds(1), std::chrono::floor<std::chrono::milliseconds>(left));
}

asio::awaitable<std::unique_ptr<RelayConnection>> connect_and_greet(asio::any_io_executor executor,
                                                                    const Dial& order, Trouble& trouble) {
    boost::system::error_code error;
    std::unique_ptr<Stream> stream;
    const std::string path = order.to.socket.string();
    if (order.to.is_local())
        stream = co_await Stream::connect_local(executor, path, order.connect_time, error);
    else
        stream = co_await Stream::connect(executor, order.to.host, order.to.port, order.connect_time, error);
    if (!stream) {
        trouble = without_words(error.message());
        co_return nullptr;
    }
    ClientSession session(order.hostname, order.to.lmtp ? Protocol::lmtp : Protocol::smtp);
    auto connection = std::make_unique<RelayConnection>(executor, std::move(stream), std::move(session),
                                                        order.destination, order.on_end);
    if (order.on_connected) order.on_connected(*connection);
    const bool greeted = co_await connection->exchange(reply_time(order));
    if (greeted && connection->session().is_ready()) co_return connection;
    trouble = connection->trouble();
    co_return nullptr;
}

asio::awaitable<Secured> secure(RelayConnection& connection, const Dial& order, Trouble& trouble) {
    ClientSession& session = connection.session();
    if (!session.capabilities().starttls) {
        trouble = without_words("STARTTLS is not offered");
        co_return Secured::left_clear;
    }
    session.start_tls();
    const bool answered = co_await connection.exchange(reply_time(order));
    if (!answered) {
        trouble = connection.trouble();
        co_return Secured::failed;
    }
    if (session.is_ready()) {
        const smtp::Reply& refusal = *session.starttls_reply();
        trouble.kind = "STARTTLS was refused: " + codes_of(refusal);
        trouble.text = "STARTTLS was refused: " + refusal.text();
        co_return Secured::left_clear;
    }
    const bool verify = order.security.mode == RelayTls::required;
    const bool shaken =
        co_await connection.start_tls(order.security.context, order.to.host, verify, reply_time(order));
    if (!shaken) {
        trouble = without_words("TLS: " + connection.trouble().text);
        co_return Secured::handshake_failed;
    }
    const bool greeted = co_await connection.exchange(reply_time(order));
    if (greeted && session.is_ready()) co_return Secured::yes;
    trouble = connection.trouble();
    co_return Secured::failed;
}

}  // namespace

asio::awaitable<std::unique_ptr<RelayConnection>> dial(asio::any_io_executor executor, Dial order,
                                                       Trouble& trouble) {
    const std::string server = order.to.text();
    Trouble reason;
    std::unique_ptr<RelayConnection> connection = co_await connect_and_greet(executor, order, reason);
    // What goes through a UNIX socket does not leave the machine: it is as safe as relay.tls can make it.
    if (connection && order.security.mode != RelayTls::off && !order.to.is_local()) {
        const bool may_fall_back = order.security.mode == RelayTls::opportunistic;
        const Secured secured = co_await secure(*connection, order, reason);
        if (secured == Secured::left_clear && may_fall_back) co_return connection;
        if (secured != Secured::yes) connection.reset();
        if (secured == Secured::handshake_failed && may_fall_back) {
            if (order.on_fallback) order.on_fallback(server, reason.text);
            connection = co_await connect_and_greet(executor, order, reason);
        }
    }
    if (!connection) {
        trouble.kind = server + ": " + reason.kind;
        trouble.text = server + ": " + reason.text;
    }
    co_return connection;
}

}  // namespace gatepost::server::relay
