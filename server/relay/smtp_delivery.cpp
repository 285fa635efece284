#include "server/relay/smtp_delivery.hpp"

#include "server/smtp/data_encoder.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace gatepost::server::relay {
namespace asio = boost::asio;
using smtp::Reply;
namespace {

// local: a message up to this goes out in one write with its final dot; a larger one in writes of this size.
constexpr std::size_t write_octets = 256 * 1024;
// local: for RSET's reply, which nobody needs; a client waits behind it.
constexpr auto reset_time = std::chrono::seconds(10);

bool are_one_mailbox(const smtp::Recipient& a, const smtp::Recipient& b) {
    const smtp::Path& left = a.forward_path;
    const smtp::Path& right = b.forward_path;
    if (left.mailbox() == right.mailbox()) return true;
    return left.local_part() == right.local_part() && left.domain() && left.domain() == right.domain();
}

constexpr std::size_t final_dot_octets = 3;  // RFC 5321 §4.1.1.4: the CRLF before it is the message's

using Clock = std::chrono::steady_clock;

// All are of one mailbox. Where it took the message once the message is there, and the sender's next try
// would make a second copy; where it did not, it comes again as long as one of them says so.
const Reply& outcome_of(const std::vector<Reply>& replies) {
    const Reply* outcome = &replies.front();
    for (const Reply& reply : replies)
        if (reply.code() / 100 < outcome->code() / 100) outcome = &reply;
    return *outcome;
}

// Room for the header, the first part of the body, and some dots more.
std::size_t usual_wire_octets(const OutgoingMessage& message) {
    std::size_t octets = 64;
    for (const std::string_view part : message.header_parts())
        octets += part.size();
    return octets + static_cast<std::size_t>(std::min<std::uint64_t>(message.body().size(), write_octets));
}

}  // namespace

SmtpDelivery::SmtpDelivery(RelayPool& pool, FilePool& files, std::optional<ForwardedClient> client,
                           dns::Claim claim)
    : pool_(pool), downstream_(pool.downstream()), files_(files), client_(std::move(client)), claim_(claim) {}

SmtpDelivery::~SmtpDelivery() {
    if (refusal_)
        downstream_->refused_every_recipient(server_, envelope_.reverse_path.mailbox(), *refusal_,
                                             Clock::now());
}

Reply SmtpDelivery::unavailable() {
    drop();
    return Reply(451, "4.4.1", "the mail system behind cannot be reached now");
}

void SmtpDelivery::note_problem(std::string_view problem) {
    if (!problem_.empty()) problem_ += "; ";
    problem_ += problem;
}

void SmtpDelivery::drop() {
    connection_.reset();
}

// Takes a connection and opens the transaction on it, with all recipients taken so far, at the first server
// that is not in trouble. nullopt: done; otherwise the reply to pass on.
asio::awaitable<std::optional<Reply>> SmtpDelivery::start(Attempts& attempts) {
    std::optional<Reply> lacking;
    for (;;) {
        connection_ = co_await pool_.acquire(attempts, claim_, message_is_there_, problem_);
        if (!connection_) break;
        server_ = connection_->destination();
        destination_ = pool_.name_of(server_);
        ClientSession& session = connection_->session();
        lacking = refuse_by(session);
        if (lacking) {
            attempts.failed(server_, false);
            pool_.release(std::move(connection_));
            continue;
        }
        session.start_transaction(envelope_, client_ ? &*client_ : nullptr);
        taken_.resize(envelope_.recipients.size());
        std::iota(taken_.begin(), taken_.end(), std::size_t{0});
        const bool answered = co_await connection_->exchange(attempts.time(times_.command, Clock::now()));
        const Trouble trouble = answered ? trouble_in(0) : connection_->trouble();
        if (answered && trouble.empty()) {
            if (attempts.any_failed()) downstream_->count(DownstreamEvent::failover);
            co_return std::nullopt;
        }
        fail_over(attempts, trouble);
    }
    if (lacking) co_return lacking;
    downstream_->count(DownstreamEvent::none_left);
    co_return unavailable();
}

// What cannot be asked of this server, as it is now.
std::optional<Reply> SmtpDelivery::refuse_by(const ClientSession& session) {
    const std::string_view missing = session.missing_extension(envelope_);
    if (!missing.empty()) return lacks(missing);
    const auto& recipients = envelope_.recipients;
    const bool one = std::all_of(recipients.begin(), recipients.end(), [&](const smtp::Recipient& recipient) {
        return are_one_mailbox(recipient, recipients.front());
    });
    if (one || session.protocol() == Protocol::smtp) return std::nullopt;
    note_problem(
        "the LMTP server that stands in has an answer for each recipient, and the client waits for one");
    return Reply(451, "4.4.1", "the mail system behind takes one recipient at a time now");
}

// PRODUCT.md: a capability that was announced and is gone. The sender keeps the message.
Reply SmtpDelivery::lacks(std::string_view extension) {
    const std::string name(extension);
    note_problem("the downstream server no longer offers " + name);
    return Reply(451, "4.3.3", "the mail system behind does not offer " + name + " now");
}

// The reply to MAIL, or to a recipient from `first_recipient` on, that tells of trouble; empty: none does.
Trouble SmtpDelivery::trouble_in(std::size_t first_recipient) const {
    const ClientSession& session = connection_->session();
    const auto& sender = session.sender_reply();
    if (!sender) return without_words("has not answered MAIL");
    const Meaning meaning = meaning_of(Step::mail, *sender);
    // Behind a refused MAIL the replies to RCPT say nothing (503).
    if (meaning == Meaning::trouble) return said_to("MAIL", *sender);
    if (meaning != Meaning::taken) return {};
    for (std::size_t i = first_recipient; i < session.recipient_count(); ++i) {
        const auto& reply = session.recipient_reply(i);
        if (!reply) return without_words("has not answered RCPT");
        if (meaning_of(Step::recipient, *reply) == Meaning::trouble) return said_to("RCPT", *reply);
    }
    return {};
}

// Nothing that could be delivered is at this server: the transaction begins anew at the next one, or here on
// a fresh connection.
void SmtpDelivery::fail_over(Attempts& attempts, const Trouble& trouble) {
    const bool kept = connection_->is_lost_while_kept();
    drop();
    if (attempts.failed(server_, kept)) return;
    downstream_->failed(server_, trouble.kind, Clock::now());
    note_problem(std::string(destination_) + ": " + trouble.text);
}

// A server asked a second time, after a connection was lost or given to somebody else, may answer otherwise
// than the client was told.
bool SmtpDelivery::are_all_taken() const {
    const ClientSession& session = connection_->session();
    if (!session.sender_reply() || !session.sender_reply()->is_positive()) return false;
    return std::all_of(taken_.begin(), taken_.end(), [&](std::size_t index) {
        const auto& reply = session.recipient_reply(index);
        return reply && reply->is_positive();
    });
}

bool SmtpDelivery::is_apart(const smtp::Recipient& recipient) const {
    return one_mailbox_ && !are_one_mailbox(recipient, envelope_.recipients.front());
}

asio::awaitable<std::optional<Reply>> SmtpDelivery::add_recipient(const smtp::Envelope& sender,
                                                                  smtp::Recipient recipient) {
    if (envelope_.recipients.empty()) {
        envelope_ = sender;
        envelope_.recipients.clear();
    }
    problem_.clear();
    std::size_t index = 0;
    if (connection_ && recipient.dsn.is_asked_for() && !connection_->session().capabilities().dsn)
        co_return lacks("DSN");
    Attempts attempts = pool_.attempts(pool_.times().recipient);
    if (connection_) {
        attempts.begin(server_, Clock::now());
        connection_->mark_taken();
        index = connection_->session().add_recipient(recipient);
        const bool answered = co_await connection_->exchange(attempts.time(times_.command, Clock::now()));
        const Trouble trouble = answered ? trouble_in(index) : connection_->trouble();
        if (!answered || !trouble.empty()) fail_over(attempts, trouble);
    }
    if (!connection_) {
        envelope_.recipients.push_back(recipient);
        const std::optional<Reply> refusal = co_await start(attempts);
        envelope_.recipients.pop_back();
        if (refusal) co_return refusal;
        index = taken_.back();
        taken_.pop_back();
    }
    problem_.clear();
    std::optional<Reply> answer = answer_recipient(recipient, index);
    connection_->wait_for_client(connection_);
    co_return answer;
}

// What the server said to this recipient, or to MAIL.
std::optional<Reply> SmtpDelivery::answer_recipient(const smtp::Recipient& recipient, std::size_t index) {
    const ClientSession& session = connection_->session();
    const bool is_sender_taken = session.sender_reply()->is_positive();
    const Reply& reply = is_sender_taken ? *session.recipient_reply(index) : *session.sender_reply();
    // Asked anew: the client has been told 250 for recipients of the same transaction.
    if (!is_sender_taken && !envelope_.recipients.empty()) {
        refusal_.reset();
        return refused_now();
    }
    if (!reply.is_positive()) return note_refusal(reply);
    refusal_.reset();
    any_answered_ = true;
    downstream_->took_recipient(server_);
    if (envelope_.recipients.empty()) one_mailbox_ = session.protocol() == Protocol::lmtp;
    envelope_.recipients.push_back(recipient);
    taken_.push_back(index);
    return std::nullopt;
}

// A server that refuses everybody makes nobody give up its mail (RefusalGuard).
Reply SmtpDelivery::note_refusal(const Reply& refusal) {
    const auto is_same = [&](const Reply& other) {
        return other.code() == refusal.code() && other.enhanced_code() == refusal.enhanced_code();
    };
    const bool same = refusal.is_permanent_failure() && (!any_answered_ || (refusal_ && is_same(*refusal_)));
    refusal_.reset();
    if (same) refusal_ = refusal;
    any_answered_ = true;
    if (!refusal.is_permanent_failure() || !downstream_->holds_refusals(server_)) return refusal;
    downstream_->count(DownstreamEvent::refusals_held);
    note_problem(std::string(destination_) + ": refuses every recipient: " + std::to_string(refusal.code()) +
                 ' ' + refusal.text());
    return Reply(451, "4.3.5", "the mail system behind refuses every recipient now");
}

asio::awaitable<Reply> SmtpDelivery::refused_afterwards() {
    co_await abandon();
    co_return refused_now();
}

Reply SmtpDelivery::refused_now() {
    note_problem("the downstream server refuses now what it took before");
    return Reply(451, "4.4.1", "the mail system behind refuses now what it took before");
}

void SmtpDelivery::hold() {
    message_is_there_ = true;
    if (connection_) connection_->stop_waiting();
}

// DATA, on the transaction that is open, or on a new one with the same recipients. nullopt: 354 has come.
asio::awaitable<std::optional<Reply>> SmtpDelivery::start_data(Attempts& attempts) {
    for (;;) {
        // The pool may have given the connection to somebody else while the client took its time.
        if (!connection_) {
            std::optional<Reply> refusal = co_await start(attempts);
            if (refusal) co_return refusal;
        }
        if (!are_all_taken()) {
            Reply changed = co_await refused_afterwards();
            co_return changed;
        }
        connection_->session().start_data();
        const bool answered = co_await connection_->exchange(attempts.time(times_.command, Clock::now()));
        if (answered && connection_->session().is_message_awaited()) co_return std::nullopt;
        const std::optional<Reply> refusal = connection_->session().data_reply();
        if (answered && refusal && meaning_of(Step::data, *refusal) == Meaning::refused) {
            co_await abandon();
            co_return refusal;
        }
        Trouble trouble = connection_->trouble();
        if (answered && refusal) trouble = said_to("DATA", *refusal);
        fail_over(attempts, trouble);
    }
}

asio::awaitable<bool> SmtpDelivery::read_body(const SpooledBody& body, std::uint64_t offset,
                                              std::string& buffer, std::string_view& octets) {
    bool read = true;
    if (body.is_in_memory()) {
        read = body.read_at(offset, buffer, octets);
    } else {
        auto work = [&] {
            read = body.read_at(offset, buffer, octets);
        };
        co_await files_.run(claim_, work);
    }
    if (!read) note_problem("the spooled message cannot be read back");
    co_return read;
}

// Closing before the final dot, the server has nothing of the message (RFC 5321 §4.1.1.4).
SmtpDelivery::Sent SmtpDelivery::cannot_be_sent() {
    note_problem("internal error: the message to be sent holds a bare CR, a bare LF or a NUL");
    return Sent::unreadable;
}

asio::awaitable<SmtpDelivery::Sent> SmtpDelivery::send(const OutgoingMessage& message,
                                                       const Attempts& attempts) {
    smtp::DataEncoder encoder;
    std::string wire;
    wire.reserve(usual_wire_octets(message));
    for (const std::string_view part : message.header_parts())
        if (!encoder.encode(part, wire)) co_return cannot_be_sent();
    std::string buffer;
    std::string_view octets;
    for (std::uint64_t offset = 0; offset < message.body().size(); offset += octets.size()) {
        const bool read = co_await read_body(message.body(), offset, buffer, octets);
        if (!read) co_return Sent::unreadable;
        if (!encoder.encode(octets, wire)) co_return cannot_be_sent();
        if (wire.size() < write_octets) continue;
        const bool written =
            co_await connection_->write(wire, attempts.time(times_.data_block, Clock::now()));
        if (!written) co_return Sent::cut_off;
        wire.clear();
    }
    if (!encoder.finish(wire)) co_return cannot_be_sent();
    // A reply that is there before the end of the message is none to it: it would be taken for the final one.
    if (!connection_->is_quiet()) co_return Sent::cut_off;
    connection_->session().message_sent();
    const bool written = co_await connection_->write(wire, attempts.time(times_.data_block, Clock::now()));
    if (written) co_return Sent::whole;
    co_return connection_->unsent() >= final_dot_octets ? Sent::cut_off : Sent::unknown;
}

// Until a server has the message with its final dot. nullopt: it has, or may have; otherwise the reply to
// pass on.
asio::awaitable<std::optional<Reply>> SmtpDelivery::hand_over(const OutgoingMessage& message,
                                                              Attempts& attempts) {
    if (connection_) {
        attempts.begin(server_, Clock::now());
        connection_->mark_taken();
    }
    for (;;) {
        std::optional<Reply> refusal = co_await start_data(attempts);
        if (refusal) co_return refusal;
        const Sent sent = co_await send(message, attempts);
        if (sent == Sent::unreadable) co_return unavailable();
        if (sent != Sent::cut_off) co_return std::nullopt;
        Trouble trouble = connection_->trouble();
        if (trouble.empty()) trouble = without_words("replied or closed before the end of the message");
        fail_over(attempts, trouble);
    }
}

asio::awaitable<Reply> SmtpDelivery::deliver(const OutgoingMessage& message) {
    hold();
    problem_.clear();
    const HandOverTimes& times = pool_.times();
    const auto end = Clock::now() + times.message;
    Attempts attempts = pool_.attempts(times.message - times.final_reply);
    std::optional<Reply> refusal = co_await hand_over(message, attempts);
    if (refusal) co_return *refusal;
    // From here on the server may have the message: no other gets it.
    const auto left = std::chrono::floor<std::chrono::milliseconds>(end - Clock::now());
    co_await connection_->exchange(std::min(times_.final_reply, left));
    co_return final_reply();
}

Reply SmtpDelivery::final_reply() {
    const ClientSession& session = connection_->session();
    const std::vector<Reply>& replies = session.final_replies();
    // A recipient without a reply is a temporary failure (RFC 2033 §5). Where the message may be there, the
    // sender's next try makes a second copy: better that than none.
    const std::size_t expected = session.protocol() == Protocol::lmtp ? taken_.size() : 1;
    // Where all are there they hold, even if something behind them has made the session unusable.
    if (replies.size() < expected) {
        const Trouble trouble = connection_->trouble();
        const std::string when = " after the end of the message: it may be there";
        downstream_->count(DownstreamEvent::unanswered);
        downstream_->failed(server_, trouble.kind + when, Clock::now());
        problem_ = std::string(destination_) + ": " + trouble.text + when;
        return unavailable();
    }
    Reply reply = outcome_of(replies);
    if (meaning_of(Step::message, reply) == Meaning::trouble) {
        const Trouble trouble = said_to("the message", reply);
        downstream_->failed(server_, trouble.kind, Clock::now());
        problem_ = std::string(destination_) + ": " + trouble.text;
        return unavailable();
    }
    problem_.clear();
    if (reply.is_positive()) downstream_->took_message(server_);
    pool_.release(std::move(connection_));
    return reply;
}

asio::awaitable<void> SmtpDelivery::abandon() {
    if (!connection_) co_return;
    connection_->session().abandon_transaction();
    const bool answered = co_await connection_->exchange(reset_time);
    if (answered) pool_.release(std::move(connection_));
    drop();
}

}  // namespace gatepost::server::relay
