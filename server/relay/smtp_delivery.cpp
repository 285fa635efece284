#include "server/relay/smtp_delivery.hpp"

#include "server/smtp/data_encoder.hpp"

#include <algorithm>
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

SmtpDelivery::SmtpDelivery(RelayPool& pool, FilePool& files, std::optional<ForwardedClient> client)
    : pool_(pool), files_(files), client_(std::move(client)) {}

Reply SmtpDelivery::unavailable() {
    if (connection_ && problem_.empty()) problem_ = connection_->problem();
    drop();
    return Reply(451, "4.4.1", "the mail system behind cannot be reached now");
}

void SmtpDelivery::drop() {
    connection_.reset();
}

// Takes a connection and opens the transaction on it, with all recipients taken so far. nullopt: done;
// otherwise the reply to pass on.
asio::awaitable<std::optional<Reply>> SmtpDelivery::start(bool fresh) {
    RelayPool::Wanted wanted;
    wanted.fresh = fresh;
    wanted.urgent = message_is_there_;
    connection_ = co_await pool_.acquire(wanted, problem_);
    if (!connection_) co_return unavailable();
    destination_ = pool_.name_of(connection_->destination());
    ClientSession& session = connection_->session();
    std::optional<Reply> refusal = refuse_by(session);
    if (refusal) {
        pool_.release(std::move(connection_));
        co_return refusal;
    }
    session.start_transaction(envelope_, client_ ? &*client_ : nullptr);
    taken_.resize(envelope_.recipients.size());
    std::iota(taken_.begin(), taken_.end(), std::size_t{0});
    const bool answered = co_await connection_->exchange(times_.command);
    if (answered) co_return std::nullopt;
    // A server may close an idle connection at any time: that is no failure of a new one.
    if (!fresh && is_given_up_by_server()) {
        drop();
        std::optional<Reply> again = co_await start(true);
        co_return again;
    }
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
    problem_ =
        "the LMTP server that stands in has an answer for each recipient, and the client waits for one";
    return Reply(451, "4.4.1", "the mail system behind takes one recipient at a time now");
}

// PRODUCT.md: a capability that was announced and is gone. The sender keeps the message.
Reply SmtpDelivery::lacks(std::string_view extension) {
    const std::string name(extension);
    problem_ = "the downstream server no longer offers " + name;
    return Reply(451, "4.3.3", "the mail system behind does not offer " + name + " now");
}

// It closed without a word, or with the word for it: a server that has waited too long says 421 (RFC 5321
// §3.8). Nothing of the message has been sent then, and all can begin anew on another connection.
bool SmtpDelivery::is_given_up_by_server() const {
    return connection_->is_silent() || connection_->session().failure() == ClientFailure::service_closing;
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
    std::size_t index = 0;
    if (connection_ && recipient.dsn.is_asked_for() && !connection_->session().capabilities().dsn)
        co_return lacks("DSN");
    if (connection_) {
        index = connection_->session().add_recipient(recipient);
        const bool answered = co_await connection_->exchange(times_.command);
        if (!answered) drop();
    }
    if (!connection_) {
        envelope_.recipients.push_back(recipient);
        const std::optional<Reply> refusal = co_await start(false);
        envelope_.recipients.pop_back();
        if (refusal) co_return refusal;
        index = taken_.back();
        taken_.pop_back();
    }
    ClientSession& session = connection_->session();
    std::optional<Reply> reply = session.sender_reply();
    if (reply && reply->is_positive()) reply = session.recipient_reply(index);
    if (!reply) co_return unavailable();
    connection_->wait_for_client(connection_);
    if (reply->is_positive()) {
        if (envelope_.recipients.empty()) one_mailbox_ = session.protocol() == Protocol::lmtp;
        envelope_.recipients.push_back(recipient);
        taken_.push_back(index);
        co_return std::nullopt;
    }
    co_return reply;
}

asio::awaitable<Reply> SmtpDelivery::refused_afterwards() {
    co_await abandon();
    problem_ = "the downstream server refuses now what it took before";
    co_return Reply(451, "4.4.1", "the mail system behind refuses now what it took before");
}

void SmtpDelivery::hold() {
    message_is_there_ = true;
    if (connection_) connection_->stop_waiting();
}

// DATA, on the transaction that is open, or on a new one with the same recipients. nullopt: 354 has come.
asio::awaitable<std::optional<Reply>> SmtpDelivery::start_data() {
    // The pool may have given the connection to somebody else while the client took its time.
    if (!connection_) {
        std::optional<Reply> refusal = co_await start(false);
        if (refusal) co_return refusal;
    }
    if (!are_all_taken()) {
        Reply changed = co_await refused_afterwards();
        co_return changed;
    }
    connection_->mark_taken();
    connection_->session().start_data();
    bool answered = co_await connection_->exchange(times_.command);
    if (!answered && is_given_up_by_server()) {
        // So may the server have done with it.
        drop();
        std::optional<Reply> refusal = co_await start(true);
        if (refusal) co_return refusal;
        if (!are_all_taken()) {
            Reply changed = co_await refused_afterwards();
            co_return changed;
        }
        connection_->session().start_data();
        answered = co_await connection_->exchange(times_.command);
    }
    if (!answered) co_return unavailable();
    if (connection_->session().is_message_awaited()) co_return std::nullopt;
    const std::optional<Reply> refusal = connection_->session().data_reply();
    co_await abandon();
    if (refusal && !refusal->is_positive() && !refusal->is_intermediate()) co_return refusal;
    co_return unavailable();
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
        co_await files_.run(work);
    }
    if (!read) problem_ = "the spooled message cannot be read back";
    co_return read;
}

// Closing before the final dot, the server has nothing of the message (RFC 5321 §4.1.1.4).
bool SmtpDelivery::cannot_be_sent() {
    problem_ = "internal error: the message to be sent holds a bare CR, a bare LF or a NUL";
    return false;
}

asio::awaitable<bool> SmtpDelivery::send(const OutgoingMessage& message) {
    smtp::DataEncoder encoder;
    std::string wire;
    wire.reserve(usual_wire_octets(message));
    for (const std::string_view part : message.header_parts())
        if (!encoder.encode(part, wire)) co_return cannot_be_sent();
    std::string buffer;
    std::string_view octets;
    for (std::uint64_t offset = 0; offset < message.body().size(); offset += octets.size()) {
        const bool read = co_await read_body(message.body(), offset, buffer, octets);
        if (!read) co_return false;
        if (!encoder.encode(octets, wire)) co_return cannot_be_sent();
        if (wire.size() < write_octets) continue;
        const bool written = co_await connection_->write(wire, times_.data_block);
        if (!written) co_return false;
        wire.clear();
    }
    if (!encoder.finish(wire)) co_return cannot_be_sent();
    // A reply that is there before the end of the message is none to it: it would be taken for the final one.
    if (connection_->has_input()) {
        problem_ = "the downstream server replied before the end of the message";
        co_return false;
    }
    connection_->session().message_sent();
    const bool written = co_await connection_->write(wire, times_.data_block);
    co_return written;
}

asio::awaitable<Reply> SmtpDelivery::deliver(const OutgoingMessage& message) {
    hold();
    std::optional<Reply> refusal = co_await start_data();
    if (refusal) co_return *refusal;
    // Cut off inside the message, the server has nothing; after the final dot it may have it, and the
    // sender's next try makes a second copy: better that than none.
    bool answered = co_await send(message);
    if (answered) answered = co_await connection_->exchange(times_.final_reply);
    // A recipient without a reply is a temporary failure (RFC 2033 §5).
    if (!answered || connection_->session().final_replies().empty()) co_return unavailable();
    Reply reply = outcome_of(connection_->session().final_replies());
    pool_.release(std::move(connection_));
    co_return reply;
}

asio::awaitable<void> SmtpDelivery::abandon() {
    if (!connection_) co_return;
    connection_->session().abandon_transaction();
    const bool answered = co_await connection_->exchange(reset_time);
    if (answered) pool_.release(std::move(connection_));
    drop();
}

}  // namespace gatepost::server::relay
