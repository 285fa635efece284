#include "server/relay/client_session.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace gatepost::server::relay {
namespace {

std::string mail_line(const smtp::Envelope& envelope, const Capabilities& capabilities) {
    std::string line = "MAIL FROM:<" + envelope.reverse_path.mailbox() + '>';
    if (envelope.declared_size && capabilities.size)
        line += " SIZE=" + std::to_string(*envelope.declared_size);
    if (envelope.body && capabilities.eight_bit_mime)
        line += *envelope.body == smtp::BodyType::eight_bit_mime ? " BODY=8BITMIME" : " BODY=7BIT";
    if (envelope.smtputf8 && capabilities.smtputf8) line += " SMTPUTF8";
    if (envelope.requiretls && capabilities.requiretls) line += " REQUIRETLS";
    // RFC 3461 §5.2.1: each as it came, or not at all.
    if (capabilities.dsn && envelope.dsn.ret) line += " RET=" + *envelope.dsn.ret;
    if (capabilities.dsn && envelope.dsn.envid) line += " ENVID=" + *envelope.dsn.envid;
    return line + "\r\n";
}

std::string rcpt_line(const smtp::Recipient& recipient, const Capabilities& capabilities) {
    std::string line = "RCPT TO:<" + recipient.forward_path.mailbox() + '>';
    if (capabilities.dsn && recipient.dsn.notify) line += " NOTIFY=" + *recipient.dsn.notify;
    if (capabilities.dsn && recipient.dsn.orcpt) line += " ORCPT=" + *recipient.dsn.orcpt;
    return line + "\r\n";
}

bool asks_for_dsn(const smtp::Envelope& envelope) {
    return envelope.dsn.is_asked_for() ||
           std::any_of(envelope.recipients.begin(), envelope.recipients.end(),
                       [](const smtp::Recipient& recipient) { return recipient.dsn.is_asked_for(); });
}

}  // namespace

ClientSession::ClientSession(std::string hostname, Protocol protocol)
    : hostname_(std::move(hostname)), protocol_(protocol) {
    awaited_.push_back({Kind::greeting});
}

std::string ClientSession::take_output() {
    return std::exchange(output_, {});
}

void ClientSession::on_octets(std::string_view octets) {
    while (!octets.empty() && is_usable()) {
        // What nothing asked for can only be the word that the service closes; in the clear before TLS it can
        // be an injection (RFC 3207 §6), too.
        const auto status = reader_.read(octets);
        if (status == smtp::ReplyReader::Status::malformed) return fail(ClientFailure::malformed_reply);
        if (status == smtp::ReplyReader::Status::reply) on_reply(reader_.reply());
    }
    // Half a reply that nothing asked for would be taken for the next command's.
    if (is_usable() && awaited_.empty() && reader_.is_inside_reply()) fail(ClientFailure::unexpected_reply);
}

void ClientSession::on_end_of_stream() {
    if (is_usable()) fail(ClientFailure::connection_closed);
}

void ClientSession::on_reply(const smtp::Reply& reply) {
    // What nothing asked for can only be the word that the service closes. Behind the reply to STARTTLS it
    // would be an injection into the TLS session (RFC 3207 §6).
    if (awaited_.empty()) {
        const bool closing = reply.code() == 421;
        return fail(closing ? ClientFailure::service_closing : ClientFailure::unexpected_reply, reply);
    }
    const auto awaited = awaited_.front();
    awaited_.pop_front();
    switch (awaited.kind) {
        case Kind::greeting:
        case Kind::ehlo:
        case Kind::helo:
            on_hello_reply(awaited.kind, reply);
            break;
        case Kind::starttls:
            starttls_reply_ = reply;
            phase_ = reply.code() == 220 ? Phase::handshake : Phase::ready;
            break;
        case Kind::quit:
            phase_ = Phase::closed;
            break;
        case Kind::xforward:
            break;  // of no weight: it is for the server's log
        case Kind::xclient:
            // The client before may still be the one that the server believes in.
            if (reply.code() != 220 && reply.code() != 421)
                return fail(ClientFailure::unexpected_reply, reply);
            break;
        default:
            on_transaction_reply(awaited, reply);
            break;
    }
    // RFC 5321 §3.8: the server may say 421 to anything, and closes.
    if (reply.code() == 421 && phase_ != Phase::closed) fail(ClientFailure::service_closing, reply);
    if (is_usable()) flush_waiting();
}

void ClientSession::on_hello_reply(Kind kind, const smtp::Reply& reply) {
    if (kind == Kind::greeting && reply.code() == 220) return send_hello(Kind::ehlo);
    if (kind == Kind::ehlo && reply.code() == 250) {
        capabilities_ = read_capabilities(reply);
        if (!std::exchange(introducing_, false))
            phase_ = Phase::ready;
        else if (!missing_extension(*introduced_envelope_).empty())
            fail(ClientFailure::extension_withdrawn);
        return;
    }
    // RFC 5321 §3.2: a server that does not know EHLO; the session goes on without extensions. LMTP has no
    // other word than LHLO.
    const bool may_be_old = protocol_ == Protocol::smtp && !introducing_;
    if (kind == Kind::ehlo && reply.is_permanent_failure() && may_be_old) return send_hello(Kind::helo);
    if (kind == Kind::helo && reply.code() == 250) {
        phase_ = Phase::ready;
        return;
    }
    if (reply.code() != 421) fail(ClientFailure::greeting_refused, reply);
}

void ClientSession::on_transaction_reply(const Awaited& awaited, const smtp::Reply& reply) {
    // RFC 2033 §4.2: no message is asked for that no recipient was taken for; it would have no reply.
    const bool wanted = protocol_ == Protocol::smtp || taken_recipients() > 0;
    const bool is_go_ahead = awaited.kind == Kind::data && reply.code() == 354 && wanted;
    const bool is_success = awaited.kind != Kind::data && reply.is_positive();
    if (!is_go_ahead && !is_success && reply.code() < 400)
        return fail(ClientFailure::unexpected_reply, reply);
    switch (awaited.kind) {
        case Kind::mail:
            sender_reply_ = reply;
            break;
        case Kind::rcpt:
            recipient_replies_[awaited.recipient] = reply;
            break;
        case Kind::data:
            data_reply_ = reply;
            phase_ = is_go_ahead ? Phase::message : Phase::refused;
            break;
        case Kind::final:
            final_replies_.push_back(reply);
            if (awaited_.empty()) phase_ = Phase::ready;
            break;
        case Kind::rset:
            // RFC 5321 §4.1.1.5: nothing but 250; with anything else the transaction may still be there.
            if (!reply.is_positive()) return fail(ClientFailure::unexpected_reply, reply);
            phase_ = Phase::ready;
            break;
        default:
            break;
    }
}

bool ClientSession::is_spent() const {
    return introduced_ && xclient_line(ForwardedClient(), capabilities_.xclient).empty();
}

void ClientSession::send_hello(Kind kind) {
    capabilities_ = {};
    phase_ = Phase::hello;
    send({kind}, (kind == Kind::ehlo ? greeting_verb() : "HELO ") + hostname_ + "\r\n");
}

void ClientSession::start_tls() {
    require(is_ready() && capabilities_.starttls, "start_tls");
    phase_ = Phase::starttls;
    send({Kind::starttls}, "STARTTLS\r\n");
}

void ClientSession::on_tls_established() {
    require(phase_ == Phase::handshake, "on_tls_established");
    tls_established_ = true;
    send_hello(Kind::ehlo);
}

std::string_view ClientSession::missing_extension(const smtp::Envelope& envelope) const {
    if (envelope.smtputf8 && !capabilities_.smtputf8) return "SMTPUTF8";
    if (envelope.body == smtp::BodyType::eight_bit_mime && !capabilities_.eight_bit_mime) return "8BITMIME";
    if (asks_for_dsn(envelope) && !capabilities_.dsn) return "DSN";
    // RFC 8689 §4.2.1: no server that says it in the clear can be believed.
    if (envelope.requiretls && !(capabilities_.requiretls && tls_established_)) return "REQUIRETLS";
    return {};
}

// XCLIENT goes back to the greeting, so that EHLO comes again: by the client's name, as XCLIENT_README has
// it.
void ClientSession::introduce(const ForwardedClient& client) {
    for (std::string& line : xforward_lines(client, capabilities_.xforward))
        send({Kind::xforward}, std::move(line));
    if (!capabilities_.xforward.empty()) return;
    std::string line = xclient_line(client, capabilities_.xclient);
    if (line.empty()) return;
    introducing_ = true;
    introduced_ = true;
    send({Kind::xclient}, std::move(line));
    send({Kind::ehlo}, greeting_verb() + client.helo + "\r\n");
}

void ClientSession::start_transaction(const smtp::Envelope& envelope, const ForwardedClient* client) {
    require(is_ready() && !is_spent(), "start_transaction");
    sender_reply_.reset();
    recipient_replies_.clear();
    data_reply_.reset();
    final_replies_.clear();
    phase_ = Phase::envelope;
    if (client != nullptr) introduce(*client);
    introduced_envelope_.reset();
    if (introducing_) {
        introduced_envelope_ = envelope;
        introduced_envelope_->recipients.clear();
    }
    send({Kind::mail}, introducing_ ? std::string() : mail_line(envelope, capabilities_));
    for (const auto& recipient : envelope.recipients)
        add_recipient(recipient);
}

std::size_t ClientSession::add_recipient(const smtp::Recipient& recipient) {
    require(phase_ == Phase::envelope, "add_recipient");
    const auto index = recipient_replies_.size();
    recipient_replies_.emplace_back();
    if (introducing_) introduced_envelope_->recipients.push_back(recipient);
    send({Kind::rcpt, index}, introducing_ ? std::string() : rcpt_line(recipient, capabilities_));
    return index;
}

void ClientSession::start_data() {
    require(phase_ == Phase::envelope && !recipient_replies_.empty(), "start_data");
    phase_ = Phase::data;
    send({Kind::data}, "DATA\r\n");
}

void ClientSession::message_sent() {
    require(phase_ == Phase::message, "message_sent");
    phase_ = Phase::final;
    const std::size_t replies = protocol_ == Protocol::lmtp ? taken_recipients() : 1;
    awaited_.insert(awaited_.end(), replies, {Kind::final});
}

std::size_t ClientSession::taken_recipients() const {
    const auto taken = std::count_if(recipient_replies_.begin(), recipient_replies_.end(),
                                     [](const auto& reply) { return reply && reply->is_positive(); });
    return static_cast<std::size_t>(taken);
}

void ClientSession::abandon_transaction() {
    if (!is_usable() || phase_ == Phase::ready) return;
    if (phase_ != Phase::envelope && phase_ != Phase::refused) {
        // DATA may have been answered 354 by now, or the message is half sent: only closing says "no".
        phase_ = Phase::closed;
        return;
    }
    waiting_.clear();
    phase_ = Phase::resetting;
    send({Kind::rset}, "RSET\r\n");
}

void ClientSession::quit() {
    if (!is_usable()) return;
    require(awaited_replies() == 0, "quit");
    phase_ = Phase::quitting;
    send({Kind::quit}, "QUIT\r\n");
}

// RFC 2920 §3.1: what waits for a reply is sent together where the server allows it. DATA ends a group, and
// nothing is sent after it before its reply. Nor behind XCLIENT and EHLO.
void ClientSession::send(Awaited awaited, std::string line) {
    if (!is_usable()) return;
    if ((!capabilities_.pipelining || introducing_) && !awaited_.empty()) {
        waiting_.push_back({awaited, std::move(line)});
        return;
    }
    awaited_.push_back(awaited);
    output_ += line;
}

void ClientSession::flush_waiting() {
    const bool together = capabilities_.pipelining && !introducing_;
    while (!waiting_.empty() && (together || awaited_.empty())) {
        const Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        awaited_.push_back(next.awaited);
        output_ += next.line.empty() ? introduced_line(next.awaited) : next.line;
    }
}

std::string ClientSession::introduced_line(const Awaited& awaited) const {
    if (awaited.kind == Kind::mail) return mail_line(*introduced_envelope_, capabilities_);
    return rcpt_line(introduced_envelope_->recipients.at(awaited.recipient), capabilities_);
}

void ClientSession::fail(ClientFailure failure, std::optional<smtp::Reply> reply) {
    if (failure_ != ClientFailure::none) return;
    failure_ = failure;
    failure_reply_ = std::move(reply);
    output_.clear();
    awaited_.clear();
    waiting_.clear();
}

// A call out of order is the driver's bug. After a failure it is none: the driver may not have looked yet.
void ClientSession::require(bool condition, const char* call) const {
    if (!condition && is_usable())
        throw std::logic_error(std::string("relay::ClientSession: ") + call + " is out of order");
}

}  // namespace gatepost::server::relay
