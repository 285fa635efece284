// The client's side of SMTP, or of LMTP, towards the downstream server as a state machine (RFC 5321 §3,
// RFC 2920, RFC 2033): commands become octets to write, octets read become replies. It does no I/O and knows
// no time.
//
// The driver's loop: write take_output(), read while awaited_replies() > 0, give what came to on_octets(),
// look at the replies. A transaction: start_transaction(), add_recipient() as they come, start_data(), after
// 354 the message by DataEncoder, message_sent() before the write that holds the final dot, then
// final_replies().
#pragma once

#include "server/relay/capabilities.hpp"
#include "server/relay/forwarded_client.hpp"
#include "server/smtp/envelope.hpp"
#include "server/smtp/reply.hpp"
#include "server/smtp/reply_reader.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::relay {

// LMTP is SMTP but for two things: LHLO stands in place of EHLO and HELO (RFC 2033 §4.1), and the end of data
// has a reply for each recipient that was taken (§4.2).
enum class Protocol { smtp, lmtp };

enum class ClientFailure {
    none,
    greeting_refused,     // the greeting was not 220, or EHLO and HELO, or LHLO, were refused
    service_closing,      // 421 (RFC 5321 §3.8), whenever it came
    malformed_reply,      // what came is no reply
    unexpected_reply,     // a reply that nothing asked for, or one that has no meaning there: out of step
    connection_closed,    // the peer closed
    extension_withdrawn,  // behind XCLIENT it no longer offers what the message needs
};

class ClientSession {
  public:
    // `hostname` is the argument of EHLO.
    explicit ClientSession(std::string hostname, Protocol protocol = Protocol::smtp);

    Protocol protocol() const { return protocol_; }

    // What to write now; empties it. Write all of it in one go.
    std::string take_output();
    bool has_output() const { return !output_.empty(); }
    // Replies that are still to come, for commands that wait to be sent too (without PIPELINING).
    std::size_t awaited_replies() const { return awaited_.size() + waiting_.size(); }

    // What the peer sent, cut anywhere. What it asks to be written next is in take_output().
    void on_octets(std::string_view octets);
    void on_end_of_stream();

    // The greeting and EHLO have been answered well, and no transaction is open: it can be started.
    bool is_ready() const { return phase_ == Phase::ready && failure_ == ClientFailure::none; }
    // Nothing is left but quit(): the server was told of one client by XCLIENT and does not offer it again
    // ("once ADDR is sent, the client is usually no longer authorized", XCLIENT_README). It would take the
    // next client for that one.
    bool is_spent() const;
    // False: close the connection. After a failure nothing more is written, and replies never come.
    bool is_usable() const { return failure_ == ClientFailure::none && phase_ != Phase::closed; }
    ClientFailure failure() const { return failure_; }
    // The reply that was the failure, where there is one.
    const std::optional<smtp::Reply>& failure_reply() const { return failure_reply_; }
    const Capabilities& capabilities() const { return capabilities_; }

    // STARTTLS, where is_ready(). starttls_reply() 220: drop all input not used, shake hands, then call
    // on_tls_established(), which forgets the capabilities and says EHLO again (RFC 3207 §4.2). Otherwise
    // is_ready() again.
    void start_tls();
    const std::optional<smtp::Reply>& starttls_reply() const { return starttls_reply_; }
    void on_tls_established();

    // The extension that `envelope` needs and this server lacks ("8BITMIME", "SMTPUTF8", "DSN",
    // "REQUIRETLS"); empty: none.
    std::string_view missing_extension(const smtp::Envelope& envelope) const;
    // MAIL, and RCPT for each recipient in `envelope`; where is_ready(). Parameters are sent where they are
    // offered. SIZE is the declared size. `client`, where given, is told before by XFORWARD, or by XCLIENT
    // where only that is offered.
    void start_transaction(const smtp::Envelope& envelope, const ForwardedClient* client = nullptr);
    // One RCPT more, as long as start_data() has not been called. Gives its index.
    std::size_t add_recipient(const smtp::Recipient& recipient);
    const std::optional<smtp::Reply>& sender_reply() const { return sender_reply_; }
    std::size_t recipient_count() const { return recipient_replies_.size(); }
    // nullopt: not yet.
    const std::optional<smtp::Reply>& recipient_reply(std::size_t index) const {
        return recipient_replies_.at(index);
    }
    // DATA. A refusal of it ends the transaction: abandon_transaction() is then the way back to is_ready().
    void start_data();
    const std::optional<smtp::Reply>& data_reply() const { return data_reply_; }
    // Write the message now: 354 has come.
    bool is_message_awaited() const { return phase_ == Phase::message && is_usable(); }
    // Call before the write that holds the final dot: from here on a reply is asked for, by LMTP one for each
    // recipient taken.
    void message_sent();
    // The replies to the end of data, as far as they have come; by LMTP in the order of the recipients taken.
    // When all are there, is_ready() again. A message of which some are missing may be anywhere.
    const std::vector<smtp::Reply>& final_replies() const { return final_replies_; }

    // RSET: gives up a transaction, up to DATA's reply; is_ready() when it is answered. Inside the message
    // there is no way back but to close the connection: the session is then unusable.
    void abandon_transaction();
    // QUIT, where no reply is awaited; is_usable() is false when it is answered.
    void quit();

  private:
    enum class Phase {
        greeting,
        hello,
        ready,
        starttls,
        handshake,
        envelope,
        data,
        refused,
        message,
        final,
        resetting,
        quitting,
        closed
    };
    enum class Kind {
        greeting,
        ehlo,
        helo,
        starttls,
        xforward,
        xclient,
        mail,
        rcpt,
        data,
        final,
        rset,
        quit
    };
    struct Awaited {
        Kind kind;
        std::size_t recipient = 0;
    };
    struct Waiting {
        Awaited awaited;
        std::string line;  // empty: of introduced_envelope_
    };

    void introduce(const ForwardedClient& client);
    void send(Awaited awaited, std::string line);
    void send_hello(Kind kind);
    void flush_waiting();
    std::string introduced_line(const Awaited& awaited) const;
    void on_reply(const smtp::Reply& reply);
    void on_hello_reply(Kind kind, const smtp::Reply& reply);
    void on_transaction_reply(const Awaited& awaited, const smtp::Reply& reply);
    std::size_t taken_recipients() const;
    std::string greeting_verb() const { return protocol_ == Protocol::lmtp ? "LHLO " : "EHLO "; }
    void fail(ClientFailure failure, std::optional<smtp::Reply> reply = std::nullopt);
    void require(bool condition, const char* call) const;

    std::string hostname_;
    Protocol protocol_;
    Phase phase_ = Phase::greeting;
    ClientFailure failure_ = ClientFailure::none;
    std::optional<smtp::Reply> failure_reply_;
    Capabilities capabilities_;
    bool tls_established_ = false;
    // From XCLIENT to the reply to the EHLO behind it MAIL and RCPT wait here, for they are worded by what
    // that reply offers.
    std::optional<smtp::Envelope> introduced_envelope_;
    bool introducing_ = false;  // from XCLIENT to the reply to the EHLO behind it
    bool introduced_ = false;   // XCLIENT was sent at any time
    smtp::ReplyReader reader_;
    std::string output_;
    std::deque<Awaited> awaited_;  // sent, in order
    std::deque<Waiting> waiting_;  // to be sent one at a time
    std::optional<smtp::Reply> starttls_reply_;
    std::optional<smtp::Reply> sender_reply_;
    std::vector<std::optional<smtp::Reply>> recipient_replies_;
    std::optional<smtp::Reply> data_reply_;
    std::vector<smtp::Reply> final_replies_;
};

}  // namespace gatepost::server::relay
