#include "server/connection.hpp"

#include "server/log.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace gatepost::server {
namespace asio = boost::asio;
using namespace std::chrono_literals;
namespace {

constexpr std::size_t command_read_octets = 4096;        // local: a pipelined group, in most cases
constexpr std::size_t max_waiting_replies = 16 * 1024;   // local: of a pipelined group; then they are written
constexpr std::size_t max_line_octets_read = 64 * 1024;  // local choice: of a line that is too long
constexpr auto handshake_time = 60s;                     // local: TLS takes a few round trips

// RFC 5321 §4.5.3.1.10. One that never ends would be read for as long as a command may take.
smtp::Close endless_line() {
    return {smtp::Reply(500, "5.5.2", "Line too long, closing the connection")};
}

}  // namespace

Connection::Connection(Services& services, std::unique_ptr<Stream> stream, const Accepted& accepted,
                       std::string session_id)
    : services_(services),
      slow_lane_(dns::SlowLane::of(services.executor)),
      runtime_(services.runtime.get()),
      stream_(std::move(stream)),
      client_(accepted.peer),
      tls_(accepted.tls),
      proxied_(accepted.proxied),
      session_id_(std::move(session_id)),
      session_(runtime_->session_options(tls_), offered_to(accepted), client_leave()),
      commands_(smtp::max_refused_recipients + runtime_->config.limits.recipients, time_.begin()),
      deadline_(services.executor, [this] { stream_->cancel(); }) {}

asio::awaitable<void> Connection::run() {
    services_.metrics.connection_opened();
    try {
        co_await serve();
    } catch (const std::exception& error) {
        // A bug: this session ends, its mail stays with the client, the others go on.
        LogEntry entry("internal_error", LogLevel::error);
        entry.with("sid", session_id_).with("what", error.what());
        services_.log.write(entry);
        stream_->close();
    }
    transaction_.reset();
    services_.metrics.connection_closed();
}

asio::awaitable<void> Connection::serve() {
    LogEntry entry("connect", LogLevel::debug);
    entry.with("sid", session_id_).with("client", client_.text());
    services_.log.write(entry);
    if (proxied_) co_await read_proxy_header();
    if (open_) look_into_client();
    if (open_ && tls_ == config::ListenerTls::implicit) co_await shake_hands();
    if (open_) co_await greet();
    while (open_)
        co_await next_command();
    co_await abandon_transaction();
    co_await end();
}

// One command line, or more input for it.
asio::awaitable<void> Connection::next_command() {
    std::string_view rest = input_.unread();
    const smtp::LineReader::Status status = reader_.read(rest);
    if (status == smtp::LineReader::Status::need_more) {
        line_octets_ += input_.unread().size();
        input_.consume_to(rest);
        if (!write_output_now()) co_await flush();
        if (line_octets_ > max_line_octets_read) co_return close_with(endless_line());
        if (draining_ && session_.is_idle() && open_) co_return close_with(session_.on_shutdown());
        if (open_ && time_.is_over(session_.is_idle(), std::chrono::steady_clock::now())) {
            tell(ClientEvent::session_over);
            co_return close_with(session_.on_end_of_session());
        }
        // The time for a command runs from its first octet: one octet a minute does not hold a connection.
        if (!reader_.is_inside_line() || !deadline_.is_set())
            deadline_.expires_after(runtime_->config.limits.command_timeout);
        // Thousands of sessions that wait must not each keep the room that a message's chunks took.
        input_.shrink_below(data_read_octets);
        waiting_for_command_ = true;
        co_await read_more(command_read_octets);
        waiting_for_command_ = false;
        co_return;
    }
    line_octets_ = 0;
    if (!session_.envelope()) use_runtime_in_force();
    // The line is a view into the input: it is used before the input is.
    smtp::Action action = is_within_commands() ? use_line(status, !rest.empty())
                                               : smtp::Action(session_.on_too_many_commands());
    input_.consume_to(rest);
    deadline_.clear();
    if (!session_.envelope()) co_await abandon_transaction();
    co_await perform(std::move(action));
    // Not before the first command of a group: who sends one at a time would wait before each.
    if (is_turn_over()) co_await give_turn();
}

smtp::Action Connection::use_line(smtp::LineReader::Status status, bool is_followed) {
    if (status == smtp::LineReader::Status::too_long) return session_.on_line_too_long(reader_.line());
    if (status == smtp::LineReader::Status::bad) return session_.on_bad_line(reader_.fault(), reader_.line());
    if (is_followed && !session_.may_be_followed(reader_.line()) && waits_for_its_turn())
        return turn_away_out_of_step();
    return session_.on_line(reader_.line());
}

// A reload between two transactions holds for the next one as a whole: for what the session judges of it (our
// domains, limits), and for what the transaction does.
void Connection::use_runtime_in_force() {
    RuntimePtr in_force = services_.runtime.get();
    if (in_force == runtime_) return;
    runtime_ = std::move(in_force);
    session_.use_options(runtime_->session_options(tls_));
}

asio::awaitable<void> Connection::perform(smtp::Action action) {
    std::optional<smtp::Action> next(std::move(action));
    while (next && open_) {
        if (const auto* send = std::get_if<smtp::SendReply>(&*next)) {
            if (is_refused_anew()) co_await on_refused();
            answer(send->reply);
            // RFC 2920 §3.2 wants replies to NOOP, EHLO and the like at once, for a client that waits for
            // them. One that has sent more already does not: they go out together, before anything is waited
            // for and before others have their turn.
            reply_is_due_ = reply_is_due_ || !send->flush_may_wait;
            const bool more = send->flush_may_wait || !input_.unread().empty();
            const bool waits = more && output_.size() <= max_waiting_replies;
            if (!waits && !write_output_now()) co_await flush();
            co_return;
        }
        if (reply_is_due_ && !write_output_now()) co_await flush();
        std::optional<smtp::Action> after = co_await step(*next);
        next = std::move(after);
    }
}

// Does what the session asks for, a reply apart; gives what it asks for next, if anything.
asio::awaitable<std::optional<smtp::Action>> Connection::step(smtp::Action& action) {
    std::optional<smtp::Action> next;
    if (std::holds_alternative<smtp::CheckSender>(action)) {
        next = co_await check_sender();
    } else if (auto* check = std::get_if<smtp::CheckRecipient>(&action)) {
        smtp::Recipient recipient = std::move(check->recipient);
        next = co_await check_recipient(std::move(recipient));
    } else if (auto* receive = std::get_if<smtp::ReceiveMessage>(&action)) {
        output_ += receive->reply.wire();
        if (!write_output_now()) co_await flush();
        if (open_) next = co_await receive_message();
    } else if (auto* chunk = std::get_if<smtp::ReceiveChunk>(&action)) {
        next = co_await receive_chunk(*chunk);
    } else if (auto* start = std::get_if<smtp::StartTls>(&action)) {
        smtp::Reply reply = std::move(start->reply);
        co_await start_tls(std::move(reply));
    } else if (auto* change = std::get_if<smtp::ChangeClient>(&action)) {
        next = change_client(change->attributes);
    } else if (auto* close = std::get_if<smtp::Close>(&action)) {
        close_with(*close);
    }
    co_return next;
}

asio::awaitable<smtp::Action> Connection::check_sender() {
    // Health checks of a proxy may say hello. 451 and not 5xx: mail of a proxy that names its clients wrongly
    // must not be lost.
    if (!client_known_) {
        smtp::Reply unknown(451, "4.3.5", "the host before us does not say who the client is");
        co_return session_.on_sender_checked(std::move(unknown));
    }
    std::string id = session_id_ + '-' + std::to_string(++transactions_);
    transaction_ = std::make_unique<Transaction>(services_, runtime_, std::move(id), this);
    evicted_ = false;
    ClientIdentity client;
    client.address = client_;
    client.hidden = is_client_hidden();
    client.helo = session_.helo();
    client.protocol = session_.transmission_type();
    client.tls_version = stream_->tls_version();
    client.tls_cipher = stream_->tls_cipher();
    client.tls_client = tls_client_;
    std::optional<smtp::Reply> refusal =
        co_await transaction_->begin(*session_.envelope(), std::move(client));
    co_return session_.on_sender_checked(std::move(refusal));
}

asio::awaitable<smtp::Action> Connection::check_recipient(smtp::Recipient recipient) {
    const smtp::Envelope envelope = *session_.envelope();
    // Nobody waits for what would be forgiven: while the DNS is dead, exempted mail arrives all the same.
    if (standing_ && (standing_->is_complete() || !transaction_->is_listing_forgiven())) {
        std::optional<policy::Listing> listing = co_await standing_->listing();
        transaction_->set_listing(std::move(listing));
    }
    std::optional<smtp::Reply> refusal = co_await transaction_->add_recipient(envelope, std::move(recipient));
    co_return session_.on_recipient_checked(std::move(refusal));
}

asio::awaitable<void> Connection::start_tls(smtp::Reply reply) {
    // RFC 3207 §4.2: what the client sent before the handshake was not protected, and is as if never sent.
    input_.consume_to({});
    reader_.reset();
    output_ += reply.wire();
    co_await flush();
    if (open_) co_await shake_hands();
    if (open_) session_.on_tls_established();
}

// A handshake is the longest work that a few octets can ask for, as it signs: it waits for its turn among
// what is long.
asio::awaitable<void> Connection::shake_hands() {
    boost::system::error_code error;
    deadline_.expires_after(handshake_time);
    const Stream::Turn turn = [this] {
        return wait_in_slow_lane();
    };
    if (runtime_->tls)
        co_await stream_->accept_tls(runtime_->tls, turn, error);
    else
        error = asio::error::operation_not_supported;  // a reload took the certificate away
    deadline_.clear();
    if (!error) co_return know_tls_client();
    if (stream_->are_tls_records_spent()) services_.metrics.count_client(ClientEvent::tls_records_spent);
    LogEntry entry("tls_failed");
    entry.with("sid", session_id_)
        .with("client", client_.text())
        .with("error", deadline_.has_expired() ? "too slow" : error.message());
    entry.with_some("problem", stream_->tls_problem());
    services_.log.write_bounded(entry, client_, Log::some_lines);
    stream_->close();
    open_ = false;
}

void Connection::know_tls_client() {
    std::string problem;
    std::shared_ptr<const policy::ClientCertificate> shown = stream_->client_certificate(problem);
    LogEntry entry("tls", LogLevel::debug);
    entry.with("sid", session_id_)
        .with("version", stream_->tls_version())
        .with("cipher", stream_->tls_cipher());
    if (shown) entry.with("subject", shown->subject.text()).with("sha256", shown->sha256);
    entry.with_some("unverified", problem);
    services_.log.write(entry);
    if (!spoken_for_) tls_client_ = std::move(shown);
}

asio::awaitable<void> Connection::abandon_transaction() {
    if (!transaction_) co_return;
    const std::unique_ptr<Transaction> abandoned = std::move(transaction_);
    co_await abandoned->abandon();
}

asio::awaitable<bool> Connection::read_more(std::size_t octets) {
    boost::system::error_code error;
    // Others have their turn while octets are waited for; TLS may have some that come without.
    if (turn_ && !(stream_->is_tls() && stream_->has_input())) turn_.reset();
    co_await stream_->read(input_, octets, error);
    if (!error) co_return true;
    if (stream_->are_tls_records_spent()) tell(ClientEvent::tls_records_spent);
    if (deadline_.has_expired()) {
        services_.metrics.count_client(ClientEvent::timeout);
        close_with(session_.on_timeout());
    } else if (evicted_) {
        close_with(smtp::Close{too_slow()});
    } else if (draining_ && error == asio::error::operation_aborted)
        close_with(session_.on_shutdown());
    else
        open_ = false;
    co_return false;
}

// True: nothing is left to be written. Most replies fit into the socket's buffer, and nobody waits for them.
bool Connection::write_output_now() {
    reply_is_due_ = false;
    if (!output_.empty()) output_.erase(0, output_.size() - stream_->write_now(output_).size());
    return output_.empty();
}

asio::awaitable<void> Connection::flush() {
    if (output_.empty()) co_return;
    const std::string replies = std::exchange(output_, {});
    boost::system::error_code error;
    deadline_.expires_after(runtime_->config.limits.command_timeout);
    co_await stream_->write(replies, error);
    if (deadline_.has_expired()) services_.metrics.count_client(ClientEvent::timeout);
    deadline_.clear();
    if (error) open_ = false;
}

void Connection::drain() {
    draining_ = true;
    if (waiting_for_command_ && session_.is_idle()) stream_->cancel();
}

// From another thread, it may be: the rest is done on our own worker, if we are still there.
void Connection::evict() noexcept {
    try {
        asio::post(services_.executor, [self = std::weak_ptr<Connection*>(self_)] {
            const std::shared_ptr<Connection*> connection = self.lock();
            if (!connection) return;
            Connection& evicted = **connection;
            evicted.evicted_ = evicted.transaction_ != nullptr;
            if (evicted.waiting_for_data_ || evicted.waiting_for_command_) evicted.stream_->cancel();
        });
    } catch (const std::exception&) {
        return;  // without memory for a post; the next one who needs room asks for it again
    }
}

smtp::Reply Connection::too_slow() {
    return smtp::Reply(421, "4.3.1", "too slow: the room is needed for others");
}

void Connection::abort() {
    stream_->close();
    open_ = false;
}

}  // namespace gatepost::server
