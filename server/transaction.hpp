// One mail transaction, from MAIL to the final reply: its evidence gathered while it comes, the decision,
// what is done, and what is told of it afterwards.
#pragma once

#include "server/judgement.hpp"
#include "server/outgoing_message.hpp"
#include "server/runtime.hpp"
#include "server/smtp/content_framing.hpp"
#include "server/smtp/envelope.hpp"
#include "server/smtp/reply.hpp"
#include "server/spooled_body.hpp"
#include "server/trace_fields.hpp"

#include "policy/decision.hpp"
#include "policy/facts.hpp"

#include "auth/arc/seal.hpp"
#include "auth/evidence.hpp"

#include "dns/fair_line.hpp"
#include "dns/ip_address.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::server {

// How the client is connected, as far as trace fields and rules tell it.
struct ClientIdentity {
    dns::IpAddress address;
    bool hidden = false;  // the address is a gateway's
    std::string helo;
    std::string_view protocol;  // RFC 3848
    std::string tls_version;    // empty without TLS
    std::string tls_cipher;
    std::shared_ptr<const policy::ClientCertificate> tls_client;  // null: none, or none that was verified
};

class Transaction {
  public:
    // `id` is SESSION-N. `holder` is asked to end the transaction where it holds much and is slow.
    Transaction(Services& services, RuntimePtr runtime, std::string id, ShareHolder* holder = nullptr);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    const std::string& id() const { return id_; }

    // MAIL came: SPF and the client's name are asked for from now on. The refusal, or nullopt.
    boost::asio::awaitable<std::optional<smtp::Reply>> begin(const smtp::Envelope& envelope,
                                                             ClientIdentity client);
    // What block lists say of the client; before the first recipient.
    void set_listing(std::optional<policy::Listing> listing) { facts_.listing = std::move(listing); }
    bool is_listing_forgiven() const;
    // RCPT came. The refusal, or nullopt.
    boost::asio::awaitable<std::optional<smtp::Reply>> add_recipient(const smtp::Envelope& envelope,
                                                                     smtp::Recipient recipient);
    // What is done with bare CR and LF in the message: where an exemption may forgive them, as far as the
    // client and the envelope tell, they become CRLF; finish() sees to the rest of its condition.
    smtp::BareNewlines bare_newlines() const;
    // The header has not ended yet.
    bool is_in_header() const { return !judgement_->header(); }
    // Room for the session's larger buffers while it receives; none is taken where memory is short.
    void take_buffers(std::size_t octets) {
        if (share_of_memory_.take(octets)) buffer_octets_ += octets;
    }
    void give_back_buffers() { share_of_memory_.give_back(std::exchange(buffer_octets_, 0)); }
    bool has_buffers() const { return buffer_octets_ > 0; }
    // Content, dot-stuffing undone, in chunks of any size.
    boost::asio::awaitable<void> content(std::string_view octets);
    // The end of a BDAT chunk that is not the last. The final reply, where the message is refused already:
    // this ends the transaction.
    boost::asio::awaitable<std::optional<smtp::Reply>> chunk_done(const smtp::Envelope& envelope,
                                                                  const smtp::ContentFraming& framing);
    // The end of data. Decides, carries out, records; gives the final reply.
    boost::asio::awaitable<smtp::Reply> finish(const smtp::Envelope& envelope,
                                               const smtp::ContentFraming& framing);
    // The client gave up: RSET, QUIT or a lost connection.
    boost::asio::awaitable<void> abandon();

  private:
    boost::asio::awaitable<void> yield() const;
    void give_up(const std::string& problem);
    void give_back_header() { share_of_memory_.give_back(std::exchange(header_octets_, 0)); }
    const auth::Evidence& evidence() const { return judgement_->evidence(); }
    const policy::Decision& decision() const { return judgement_->decision(); }
    // What the client may not do, whatever the message is: transaction_client.cpp.
    bool is_spf_time_final() const;
    std::optional<smtp::Reply> refuse_sender();
    std::optional<smtp::Reply> refuse_recipient(const std::string& recipient);
    std::optional<smtp::Reply> refuse_message();
    smtp::Reply put_off(const std::string& recipient);
    void count_recipients();
    std::string message_limit();
    void count_unfinished();
    smtp::Reply rate_refusal() const;
    smtp::Reply tell_refused(smtp::Reply answer, const std::string& recipient, std::string_view rule) const;
    boost::asio::awaitable<std::vector<std::string_view>> fields_to_remove() const;
    boost::asio::awaitable<smtp::Reply> carry_out(const smtp::Envelope& envelope);
    // Our fields, but for the ARC set, which is sealed over the rest.
    struct TopFields {
        std::string text;
        std::size_t arc_set_at = 0;
        std::string results;  // the value of Authentication-Results
    };
    TopFields top_fields(const smtp::Envelope& envelope) const;
    boost::asio::awaitable<void> add_arc_set(OutgoingMessage& message, const TopFields& top);
    std::string sealing_note() const;
    void record(const smtp::Envelope& envelope, const smtp::Reply& final_reply);
    void log_verdict(const smtp::Envelope& envelope, const smtp::Reply& final_reply) const;
    smtp::Reply reply(int code, std::string_view enhanced, std::string_view text) const;
    smtp::Reply passed_on(const smtp::Reply& downstream) const;

    Services& services_;
    RuntimePtr runtime_;
    std::string id_;
    ClientIdentity client_;
    dns::Claim claim_;  // of the client
    policy::Facts facts_;
    std::chrono::system_clock::time_point began_;
    Share share_of_memory_;          // outlives what it was taken for
    std::size_t header_octets_ = 0;  // of it, and
    std::size_t buffer_octets_ = 0;
    std::unique_ptr<relay::Delivery> delivery_;
    std::unique_ptr<Judgement> judgement_;               // from begin() on
    std::shared_ptr<dns::ClientBudgetResolver> budget_;  // null: this client's questions are not counted
    Share share_of_disk_;
    SpooledBody body_;
    std::uint64_t size_ = 0;  // of the content, as it was received
    std::string storage_problem_;
    std::unique_ptr<auth::arc::MessageSealer> sealer_;  // null: authentication.arc.seal is not set
    auth::arc::Sealed sealed_;
    std::size_t uncounted_recipients_ = 0;  // should an exemption turn out to match
    std::size_t put_off_ = 0;               // recipients that come in a transaction of their own
    std::string limit_;                     // the rate that this client is over, by its key or id
    bool is_uncounted_ = false;             // taken, but not yet counted in the client's rate of messages
};

}  // namespace gatepost::server
