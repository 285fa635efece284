// The events of the session and what they do to its state; the commands are in session_commands.cpp.
#include "server/smtp/session.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

namespace gatepost::server::smtp {
namespace {

std::string_view describe(LineFault fault) {
    switch (fault) {
        case LineFault::bare_cr:
            return "bare CR in the command line";
        case LineFault::nul:
            return "NUL in the command line";
        case LineFault::bare_lf:
        case LineFault::none:
            break;
    }
    return "bad command line";
}

}  // namespace

Session::Session(std::shared_ptr<const SessionOptions> options, OfferedExtensions offered, ClientLeave leave)
    : options_(std::move(options)),
      offered_(offered),
      leave_(std::move(leave)),
      tls_active_(options_->tls == TlsMode::implicit) {}

void Session::use_options(std::shared_ptr<const SessionOptions> options) {
    if (envelope_) throw std::logic_error("smtp::Session: use_options inside a transaction");
    options_ = std::move(options);
}

SendReply Session::greet() {
    expect(State::connected, "greet");
    state_ = State::commands;
    return greeting();
}

SendReply Session::greeting() const {
    return {Reply(220, "", options_->hostname + " ESMTP"), false};
}

SendReply Session::turn_away(Reply reply) {
    if (state_ != State::connected) expect(State::commands, "turn_away");
    reset_transaction();
    state_ = State::turned_away;
    return {std::move(reply), false};
}

Action Session::answer_turned_away(Verb verb) {
    if (verb == Verb::quit) return close(Reply(221, "2.0.0", options_->hostname + " closing the connection"));
    return fail(Reply(503, "5.5.1", "Nothing is taken here, send QUIT"));
}

bool Session::may_be_followed(std::string_view line) const {
    if (state_ == State::turned_away) return true;
    switch (parse_command(line).verb) {
        case Verb::quit:
        case Verb::starttls:
        case Verb::bdat:  // its chunk
            return true;
        case Verb::ehlo:
        case Verb::helo:
        case Verb::data:
            return false;
        default:
            return extended_;
    }
}

Action Session::on_line(std::string_view line) {
    const auto command = parse_command(line);
    if (state_ == State::turned_away) return answer_turned_away(command.verb);
    expect(State::commands, "on_line");
    const bool brings_octets = command.verb == Verb::bdat;  // it is refused when they have been taken off
    auto refusal = brings_octets ? std::nullopt : check_order(command);
    if (refusal) return fail(std::move(*refusal), may_wait(command.verb));
    return dispatch(command);
}

Action Session::on_line_too_long(std::string_view line) {
    if (state_ == State::turned_away) return answer_turned_away(Verb::unknown);
    expect(State::commands, "on_line_too_long");
    return refuse_line(Reply(500, "5.5.2", "Line too long"), line);  // RFC 5321 §4.5.3.1.10
}

Action Session::on_bad_line(LineFault fault, std::string_view line) {
    if (state_ != State::turned_away) expect(State::commands, "on_bad_line");
    // A client that ends lines so is out of step with us, or an attacker is: nothing behind is carried out.
    if (fault == LineFault::bare_lf)
        return close(Reply(500, "5.5.2", "Lines end in CRLF alone: bare LF, closing the connection"));
    if (state_ == State::turned_away) return answer_turned_away(Verb::unknown);
    const std::string text = "Syntax error, " + std::string(describe(fault));
    return refuse_line(Reply(500, "5.5.2", text), line);
}

Action Session::on_sender_checked(std::optional<Reply> refusal) {
    expect(State::sender, "on_sender_checked");
    state_ = State::commands;
    if (!refusal) {
        ++senders_;
        return SendReply{Reply(250, "2.1.0", "Sender ok"), true};
    }
    reset_transaction();
    return refuse(std::move(*refusal));
}

Action Session::on_recipient_checked(std::optional<Reply> refusal) {
    expect(State::recipient, "on_recipient_checked");
    state_ = State::commands;
    auto recipient = std::exchange(checked_recipient_, std::nullopt);
    if (refusal) return refuse_recipient(std::move(*refusal));
    envelope_->recipients.push_back(std::move(*recipient));
    return SendReply{Reply(250, "2.1.5", "Recipient ok"), true};
}

Action Session::on_message_done(Reply final_reply) {
    expect(State::message, "on_message_done");
    state_ = State::commands;
    ++messages_;
    if (final_reply.is_positive()) forgive_names();
    reset_transaction();
    if (final_reply.code() == 421) return close(std::move(final_reply));
    return SendReply{std::move(final_reply), false};
}

// RFC 3207 §4.2: the server MUST discard any knowledge obtained from the client.
void Session::on_tls_established() {
    expect(State::tls, "on_tls_established");
    state_ = State::commands;
    tls_active_ = true;
    forget_client();
}

// XCLIENT_README, "XCLIENT Server response".
Action Session::on_client_changed(std::optional<Reply> refusal) {
    expect(State::client, "on_client_changed");
    state_ = State::commands;
    if (refusal) return refuse(std::move(*refusal));
    client_named_ = client_named_ || client_.names_client();
    forget_client();
    if (client_.helo && !client_.helo->empty()) set_hello(*client_.helo, client_.extended.value_or(true));
    return greeting();
}

void Session::forget_client() {
    extended_ = false;
    helo_.clear();
    helo_domain_.reset();
    reset_transaction();
}

Close Session::on_timeout() {
    return close(Reply(421, "4.4.2", options_->hostname + " Timeout, closing the connection"));
}

Close Session::on_shutdown() {
    return close(Reply(421, "4.3.2", options_->hostname + " Service is stopping, closing the connection"));
}

Close Session::on_too_many_commands() {
    return close(Reply(421, "4.7.0", options_->hostname + " Too many commands without a message, closing"));
}

Close Session::on_end_of_session() {
    return close(Reply(421, "4.4.2", options_->hostname + " The session has lasted too long, closing"));
}

std::string_view Session::transmission_type() const {
    if (!extended_) return "SMTP";
    if (envelope_ && envelope_->smtputf8) return tls_active_ ? "UTF8SMTPS" : "UTF8SMTP";
    return tls_active_ ? "ESMTPS" : "ESMTP";
}

void Session::expect(State state, const char* event) const {
    if (state_ != state) throw std::logic_error(std::string("smtp::Session: ") + event + " is not awaited");
}

Action Session::fail(Reply reply, bool flush_may_wait) {
    ++errors_;
    if (errors_ > options_->limits.errors_per_connection)
        return close(Reply(421, "4.7.0", options_->hostname + " Too many errors, closing the connection"));
    return SendReply{std::move(reply), flush_may_wait};
}

// What others refuse: 421 closes (RFC 5321 §3.8), 5xx is an error of the client's, 4xx is not.
Action Session::refuse(Reply reply) {
    if (reply.code() == 421) return close(std::move(reply));
    if (reply.is_permanent_failure()) return fail(std::move(reply), true);
    return SendReply{std::move(reply), true};
}

// With a recipient taken, a refusal counts no error: a message to many, some of them gone, must not end in
// 421, for it would be sent again and end so again. The driver answers such refusals late where they are
// many, across transactions: names were tried out behind one good recipient.
Action Session::refuse_recipient(Reply reply) {
    ++refused_recipients_;
    recipients_deferred_ = recipients_deferred_ || reply.is_transient_failure();
    if (envelope_->recipients.empty() || reply.code() == 421) return refuse(std::move(reply));
    if (reply.is_permanent_failure()) {
        ++recipients_refused_;
        ++names_tried_;
    }
    return SendReply{std::move(reply), true};
}

// One recipient named a hundred times is one.
void Session::forgive_names() {
    if (names_tried_ == 0) return;
    std::set<std::string_view> names;
    for (const Recipient& recipient : envelope_->recipients)
        names.insert(recipient.forward_path.mailbox());
    names_tried_ -= std::min(names_tried_, 1 + names.size() / recipients_that_forgive_one);
}

Close Session::close(Reply reply) {
    state_ = State::closed;
    reset_transaction();
    return Close{std::move(reply)};
}

void Session::reset_transaction() {
    envelope_.reset();
    checked_recipient_.reset();
    refused_recipients_ = 0;
    recipients_deferred_ = false;
    chunking_ = Chunking::none;
    chunked_octets_ = 0;
}

}  // namespace gatepost::server::smtp
