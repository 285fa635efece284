// The server's side of an SMTP session as a state machine (RFC 5321 §3, §4.1.4): events in, exactly one
// action out for each. It does no I/O and knows no time; the driver reads, writes, asks others and calls
// back.
//
// Order of a transaction: on_line("MAIL ...") gives CheckSender, the driver answers by on_sender_checked();
// on_line("RCPT ...") gives CheckRecipient, answered by on_recipient_checked(); on_line("DATA") gives
// ReceiveMessage, answered by on_message_done(). Or, instead of DATA, on_line("BDAT ...") gives ReceiveChunk,
// answered by on_chunk_done() or, for the last chunk, on_message_done(). An event that the state does not
// wait for is the driver's bug: std::logic_error.
#pragma once

#include "server/smtp/chunk_decoder.hpp"
#include "server/smtp/client_leave.hpp"
#include "server/smtp/command.hpp"
#include "server/smtp/envelope.hpp"
#include "server/smtp/esmtp_parameters.hpp"
#include "server/smtp/limits.hpp"
#include "server/smtp/line_reader.hpp"
#include "server/smtp/reply.hpp"
#include "server/smtp/xclient.hpp"

#include "dns/domain_name.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gatepost::server::smtp {

// `tls` of a listener. `starttls` and `required` offer STARTTLS; `required` refuses mail without it; with
// `implicit` TLS is there before the greeting (RFC 8314 §3).
enum class TlsMode { off, starttls, required, implicit };

struct SessionOptions {
    std::string hostname;                  // in the greeting and in the replies to EHLO and QUIT
    std::vector<dns::DomainName> domains;  // recipients are taken at these alone; the first has <postmaster>
    std::optional<dns::DomainName> unqualified_domain;  // policy.unqualified_domain
    SessionLimits limits;
    TlsMode tls = TlsMode::off;
    bool routed_local_parts = false;  // user%elsewhere@ours and the like are taken
};

// Send the reply. It may wait for further replies of the same pipelined group where `flush_may_wait`, as long
// as there is input to go on with (RFC 2920 §3.2); otherwise it goes out before anything else is read or
// done.
struct SendReply {
    Reply reply;
    bool flush_may_wait = false;
};
// MAIL is correct; envelope() has it. Start SPF, ask limits, then call on_sender_checked().
struct CheckSender {};
// RCPT is correct and its domain is ours. Ask the downstream server, then call on_recipient_checked().
struct CheckRecipient {
    Recipient recipient;
};
// Send 354 and feed a DataDecoder; then call on_message_done(). Input that is already there is the message's.
struct ReceiveMessage {
    Reply reply;
};
// BDAT (RFC 3030): the next octets of the input are a chunk's, and never commands. `keep`: feed them to the
// transaction's ChunkDecoder, of which the first chunk is `first`; then on_message_done() for the `last` one,
// on_chunk_done() for the others. Otherwise take them off the input, and call on_chunk_done().
struct ReceiveChunk {
    std::uint64_t octets = 0;
    bool first = false;
    bool last = false;
    bool keep = false;
};
// Throw away all input that has been read but not used (RFC 3207 §4.2; LineReader::reset() too), send the
// reply, shake hands, then call on_tls_established(); where the handshake fails, close.
struct StartTls {
    Reply reply;
};
// XCLIENT: take the address as the client's, then call on_client_changed().
struct ChangeClient {
    XclientAttributes attributes;
};
// Send the reply and close.
struct Close {
    Reply reply;
};
using Action = std::variant<SendReply, CheckSender, CheckRecipient, ReceiveMessage, ReceiveChunk, StartTls,
                            ChangeClient, Close>;

class Session {
  public:
    // `offered`: what every downstream server offers; only that is announced (PRODUCT.md, "What the SMTP
    // client sees").
    Session(std::shared_ptr<const SessionOptions> options, OfferedExtensions offered, ClientLeave leave = {});

    // The greeting; the first event.
    SendReply greet();
    // Instead of greet(), or at any later command: nothing more is taken of this client. The reply is sent,
    // all further commands but QUIT get 503 (RFC 5321 §3.1).
    SendReply turn_away(Reply reply);
    // Other settings from now on, outside of a transaction: what was announced before may not hold any more.
    void use_options(std::shared_ptr<const SessionOptions> options);
    // Whether a client that keeps to the order can have sent more behind this line before it saw the reply:
    // only where PIPELINING was announced, and not behind EHLO, HELO and DATA (RFC 5321 §4.3.1, RFC 2920
    // §3.1). What is behind QUIT and STARTTLS is never used. The commands that merely should come last (NOOP,
    // VRFY, EXPN, HELP) are forgiven: their replies say the same wherever they stand.
    bool may_be_followed(std::string_view line) const;
    // One command line without CRLF.
    Action on_line(std::string_view line);
    // `line` is what is left of it: nothing in it is executed.
    Action on_line_too_long(std::string_view line);
    Action on_bad_line(LineFault fault, std::string_view line);
    // Answers to CheckSender and CheckRecipient: nullopt accepts.
    Action on_sender_checked(std::optional<Reply> refusal);
    Action on_recipient_checked(std::optional<Reply> refusal);
    // Answer to ReceiveChunk, where it is not the last one kept: nullopt where the chunk is good, or was to
    // be thrown away. A refusal ends what the driver knows of the message; the client sends RSET (RFC 3030
    // §2).
    Action on_chunk_done(std::optional<Reply> refusal);
    // Answer to ReceiveMessage, and to the last ReceiveChunk that was kept: the reply to the end of data, as
    // the driver words it. Ends the transaction.
    Action on_message_done(Reply final_reply);
    // The handshake has been made; everything known of the client is forgotten (RFC 3207 §4.2).
    void on_tls_established();
    // Answer to ChangeClient: back to the greeting, with what XCLIENT said of HELO and PROTO; or the refusal.
    Action on_client_changed(std::optional<Reply> refusal);
    // The client was silent for too long (RFC 5321 §4.5.3.2.7), or the server stops: in any state.
    Close on_timeout();
    Close on_shutdown();
    // It sent too many commands that brought no message on, or has lasted too long; in any state.
    Close on_too_many_commands();
    Close on_end_of_session();

    // The transaction under way, from CheckSender to the action that follows on_message_done().
    const std::optional<Envelope>& envelope() const { return envelope_; }
    // Octets that a message may have: limits.message_size, or what the downstream servers take less what we
    // add.
    std::uint64_t message_size() const;
    // The argument of EHLO or HELO as it came; empty before. Of one of our own machines that gave none with
    // HELO: its address literal.
    const std::string& helo() const { return helo_; }
    // The same as a name, in A-labels; none for address literals and what is no domain name.
    const std::optional<dns::DomainName>& helo_domain() const { return helo_domain_; }
    bool is_tls_active() const { return tls_active_; }
    // Transactions that came to the end of data.
    std::size_t messages() const { return messages_; }
    std::size_t errors() const { return errors_; }
    // Recipients refused for good behind one that was taken: no errors, as messages to many have some that
    // are gone. In all; and those that look like names tried out: messages that were accepted forgive one
    // each, and one for every ten of their recipients.
    std::size_t recipients_refused() const { return recipients_refused_; }
    std::size_t names_tried() const { return names_tried_; }
    // For `with` in Received: SMTP, ESMTP, ESMTPS, UTF8SMTP, UTF8SMTPS (RFC 3848, RFC 6531 §4.3).
    std::string_view transmission_type() const;
    // Whether there is a transaction or a driver's answer is awaited: a stop waits for its end.
    bool is_idle() const { return state_ == State::turned_away || (state_ == State::commands && !envelope_); }

  private:
    enum class State {
        connected,
        commands,
        sender,
        recipient,
        message,
        chunk,
        tls,
        client,
        turned_away,
        closed
    };
    // A transaction's way with BDAT. failed: a chunk was refused, and so are all that follow.
    enum class Chunking { none, begun, failed };

    // The refusal of a command that may not come now, or has or lacks an argument.
    std::optional<Reply> check_order(const Command& command) const;
    Action dispatch(const Command& command);
    Action on_hello(std::string_view argument, bool extended);
    Action on_nameless_hello();
    Action on_mail(std::string_view argument);
    Action on_rcpt(std::string_view argument);
    PathResult read_path_of_old(std::string_view argument, PathResult strict, bool is_sender,
                                std::vector<std::string>& forgiven_by) const;
    Action on_data();
    Action on_bdat(const Command& command);
    std::optional<Reply> check_chunk(const Command& command, const ChunkHeader& header) const;
    std::optional<Reply> check_recipients() const;
    Action refuse_chunk(Reply reply);
    Action refuse_line(Reply reply, std::string_view line);
    Action on_starttls();
    Action on_xclient(std::string_view argument);
    SendReply greeting() const;
    void set_hello(std::string_view argument, bool extended);
    void forget_client();
    bool is_offered(Verb verb) const;
    // Only while nobody has named the client: whoever speaks afterwards speaks for that client.
    bool is_xclient_offered() const { return offered_.xclient && !client_named_; }
    Reply ehlo_reply() const;
    Reply help_reply() const;
    std::string limits_line() const;
    // offered_, without what the connection is not safe enough for.
    OfferedExtensions offered_now() const;
    std::optional<Reply> check_recipient(const Path& path) const;
    bool is_starttls_offered() const;
    static bool may_wait(Verb verb);

    void expect(State state, const char* event) const;
    Action answer_turned_away(Verb verb);
    // Counts an error and gives its reply, or closes where there were too many.
    Action fail(Reply reply, bool flush_may_wait = false);
    Action refuse(Reply reply);
    Action refuse_recipient(Reply reply);
    Close close(Reply reply);
    void reset_transaction();
    void forgive_names();

    std::shared_ptr<const SessionOptions> options_;
    OfferedExtensions offered_;
    ClientLeave leave_;
    State state_ = State::connected;
    bool tls_active_;
    bool extended_ = false;  // EHLO, not HELO
    std::string helo_;
    std::optional<dns::DomainName> helo_domain_;
    std::optional<Envelope> envelope_;  // the one record of a transaction, and its one reset
    std::optional<Recipient> checked_recipient_;
    XclientAttributes client_;            // while ChangeClient is under way
    bool client_named_ = false;           // an ADDR of XCLIENT was taken; holds to the connection's end
    std::size_t refused_recipients_ = 0;  // of this transaction
    bool recipients_deferred_ = false;    // some of them by 4xx
    Chunking chunking_ = Chunking::none;  // of this transaction
    std::uint64_t chunked_octets_ = 0;    // of this transaction
    ReceiveChunk chunk_;                  // the one under way, and
    std::optional<Reply> chunk_refusal_;  // what is said when its octets are gone
    std::size_t senders_ = 0;             // MAIL that was taken
    std::size_t messages_ = 0;
    std::size_t errors_ = 0;
    std::size_t recipients_refused_ = 0;
    std::size_t names_tried_ = 0;
};

}  // namespace gatepost::server::smtp
