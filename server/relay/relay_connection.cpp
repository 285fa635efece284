#include "server/relay/relay_connection.hpp"

#include <utility>

namespace gatepost::server::relay {
namespace asio = boost::asio;
namespace {

constexpr std::size_t read_octets = 4096;  // local: replies are short

std::string_view to_string(ClientFailure failure) {
    switch (failure) {
        case ClientFailure::none:
            return "";
        case ClientFailure::greeting_refused:
            return "refused the connection";
        case ClientFailure::service_closing:
            return "is closing down";
        case ClientFailure::malformed_reply:
            return "sent a malformed reply";
        case ClientFailure::unexpected_reply:
            return "sent a reply that was not asked for";
        case ClientFailure::connection_closed:
            return "closed the connection";
        case ClientFailure::extension_withdrawn:
            return "offers behind XCLIENT no longer what the message needs";
    }
    return "failed";
}

}  // namespace

RelayConnection::RelayConnection(asio::any_io_executor executor, std::unique_ptr<Stream> stream,
                                 ClientSession session, std::size_t destination,
                                 std::function<void(RelayConnection&)> on_end)
    : stream_(std::move(stream)),
      session_(std::move(session)),
      destination_(destination),
      on_end_(std::move(on_end)),
      deadline_(std::move(executor), [this] { stream_->cancel(); }) {}

RelayConnection::~RelayConnection() {
    end();
}

void RelayConnection::end() {
    share_.reset();
    if (on_end_) std::exchange(on_end_, nullptr)(*this);
}

void RelayConnection::wait_for_client(std::unique_ptr<RelayConnection>& owner) {
    waiting_since_ = std::chrono::steady_clock::now() - waited_;
    owner_ = &owner;
}

void RelayConnection::stop_waiting() {
    if (waiting_since_) waited_ = std::chrono::steady_clock::now() - *waiting_since_;
    waiting_since_.reset();
}

void RelayConnection::rest() {
    waited_ = {};
    share_.reset();
    idle_since = std::chrono::steady_clock::now();
}

std::unique_ptr<RelayConnection> RelayConnection::take_from_owner() {
    stop_waiting();
    return std::move(*std::exchange(owner_, nullptr));
}

asio::awaitable<bool> RelayConnection::read_some() {
    boost::system::error_code error;
    input_.clear();
    co_await stream_->read(input_, read_octets, error);
    if (deadline_.has_expired()) {
        problem_ = "no reply in time";
        co_return false;
    }
    if (error) {
        problem_ = error.message();
        session_.on_end_of_stream();
        co_return false;
    }
    silent_ = false;
    session_.on_octets(input_.unread());
    co_return session_.is_usable() || session_.failure() == ClientFailure::none;
}

asio::awaitable<bool> RelayConnection::exchange(std::chrono::milliseconds time) {
    stop_waiting();
    const auto end = std::chrono::steady_clock::now() + time;
    while (session_.has_output() || session_.awaited_replies() > 0) {
        const std::string output = session_.take_output();
        if (!output.empty() && !co_await write(output, time)) co_return false;
        if (session_.awaited_replies() == 0) break;
        deadline_.expires_after(
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()));
        const bool read = co_await read_some();
        deadline_.clear();
        if (!read) co_return false;
    }
    co_return session_.failure() == ClientFailure::none;
}

asio::awaitable<bool> RelayConnection::start_tls(std::shared_ptr<TlsClientContext> context, std::string host,
                                                 bool verify, std::chrono::milliseconds time) {
    boost::system::error_code error;
    deadline_.expires_after(time);
    co_await stream_->connect_tls(std::move(context), std::move(host), verify, error);
    deadline_.clear();
    if (!error) {
        session_.on_tls_established();
        co_return true;
    }
    problem_ = stream_->tls_problem();
    if (problem_.empty()) problem_ = deadline_.has_expired() ? "no reply in time" : error.message();
    session_.on_end_of_stream();
    co_return false;
}

asio::awaitable<bool> RelayConnection::write(std::string_view octets, std::chrono::milliseconds time) {
    stop_waiting();
    octets = stream_->write_now(octets);
    unsent_ = octets.size();
    if (octets.empty()) co_return true;
    boost::system::error_code error;
    deadline_.expires_after(time);
    const std::size_t written = co_await stream_->write(octets, error);
    unsent_ -= written;
    deadline_.clear();
    if (error) problem_ = deadline_.has_expired() ? "no octet taken in time" : error.message();
    co_return !error;
}

Trouble RelayConnection::trouble() const {
    const std::string failure(to_string(session_.failure()));
    if (failure.empty() || session_.failure() == ClientFailure::connection_closed)
        return without_words(problem_);
    const auto& reply = session_.failure_reply();
    if (!reply) return without_words(failure);
    return {failure + ": " + codes_of(*reply),
            failure + ": " + std::to_string(reply->code()) + ' ' + reply->text()};
}

}  // namespace gatepost::server::relay
