// What one session may cost: commands that bring no message on, its turns beside the worker's other sessions,
// its time in all, names tried out, and what is read after its end. The connection itself is in
// connection.cpp.
#include "server/connection.hpp"
#include "server/connection_bounds.hpp"
#include "server/log.hpp"

#include "dns/ascii.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace gatepost::server {
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
namespace {

// local choice: of one session's pipelined commands, while others wait. Thousands of commands a turn would be
// longer than a message takes; a group of usual size is over long before.
constexpr auto turn_time = 500us;
// local choice: of a reply to an error or a name tried out; limits.errors_per_connection bounds the first.
constexpr auto refusal_delay = 500ms;
constexpr auto goodbye_time = 2s;  // local: nobody waits for a peer's close_notify
// local choice: what is under way in the buffers of two hosts when a refusal goes out.
constexpr std::size_t max_lingered_octets = 1024 * 1024;

}  // namespace

bool Connection::is_within_commands() {
    const bool names_recipient = ascii::starts_with_ignoring_case(reader_.line(), "RCPT");
    if (names_recipient ? commands_.take_recipient() : commands_.take()) return true;
    if (commands_.take_earned(Clock::now())) return true;
    tell(ClientEvent::commands_spent);
    return false;
}

// Others had their turns while its message was worked on.
void Connection::message_came() {
    commands_.message_came();
    turn_.reset();
}

// The clock is asked only where the client has sent more behind a command. Where others wait for their turn
// it is over with the first one.
bool Connection::is_turn_over() {
    if (!open_ || input_.unread().empty()) return false;
    if (!turn_ && slow_lane_.is_busy()) return true;
    const auto now = Clock::now();
    if (!turn_) turn_ = now;
    return now - *turn_ >= turn_time;
}

dns::Claim Connection::claim() const {
    const bool is_hidden = services_.clients.hidden.is_hidden(client_);
    return {client_, bounds_of_client(runtime_->config, client_, is_hidden).is_preferred};
}

asio::awaitable<void> Connection::wait_in_slow_lane() {
    const dns::Claim own = claim();
    co_await slow_lane_.wait(services_.executor, own);
}

asio::awaitable<void> Connection::give_turn() {
    if (!write_output_now()) co_await flush();
    co_await wait_in_slow_lane();
    turn_ = Clock::now();
}

bool Connection::is_refused_anew() const {
    return session_.errors() > errors_seen_ || session_.recipients_refused() > refused_seen_;
}

// Half of the errors allowed are answered at once, the others late, and so are recipients that are refused
// behind one that was taken, once they are more than the errors allowed: whoever tries out addresses loses
// time, and a downstream connection that waits meanwhile can be had by others.
asio::awaitable<void> Connection::on_refused() {
    const config::Limits& limits = runtime_->config.limits;
    const bool is_error = session_.errors() > errors_seen_;
    errors_seen_ = session_.errors();
    refused_seen_ = session_.recipients_refused();
    const bool is_late = is_error ? errors_seen_ > limits.errors_per_connection / 2
                                  : session_.names_tried() > limits.errors_per_connection;
    if (client_known_ && (is_error || is_late))
        services_.clients.rates.take(ClientRates::Rate::errors, client_, limits, Clock::now());
    if (!is_late) co_return;
    tell(ClientEvent::tarpitted);
    // What stood before it in its group is not held back for it.
    if (!write_output_now()) co_await flush();
    boost::system::error_code ignored;
    asio::steady_timer timer(services_.executor, refusal_delay);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> Connection::end() {
    boost::system::error_code ignored;
    deadline_.expires_after(goodbye_time);
    asio::steady_timer end(services_.executor, goodbye_time);
    if (!output_.empty()) co_await stream_->write(output_, ignored);
    if (!ignored) co_await stream_->shut_down();
    // Closing on octets that are still coming would reset the connection, and the client would never read
    // why. One that sends without end comes to a halt as nobody reads on, and is reset then: at once, it
    // would only begin anew.
    std::size_t lingered = 0;
    while (lingers_ && !ignored && lingered < max_lingered_octets) {
        input_.clear();
        co_await stream_->read(input_, data_read_octets, ignored);
        lingered += input_.unread().size();
    }
    deadline_.clear();
    if (lingered >= max_lingered_octets) {
        tell(ClientEvent::linger_cut);
        co_await end.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    stream_->close();
    LogEntry entry("close", LogLevel::debug);
    entry.with("sid", session_id_).with("messages", session_.messages()).with("errors", session_.errors());
    services_.log.write(entry);
}

}  // namespace gatepost::server
