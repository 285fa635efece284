// Delivery to a downstream server over a pooled connection. The downstream is asked for each recipient while
// the client waits at RCPT, so its refusal is passed on there; its reply to the message is the reply to the
// client. An LMTP server has a reply for each recipient (RFC 2033 §4.2), so by LMTP a transaction goes to one
// mailbox, however often the client names it.
//
// Until the first octet of the final dot is sent, a server in trouble gives way to the next one, which is
// asked for the recipients that were answered (schedule.hpp); after that the message is nobody else's.
#pragma once

#include "server/file_pool.hpp"
#include "server/relay/delivery.hpp"
#include "server/relay/relay_pool.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::relay {

class SmtpDelivery final : public Delivery {
  public:
    // `pool` outlives all calls; at a second SIGTERM the destructor comes after it.
    SmtpDelivery(RelayPool& pool, FilePool& files, std::optional<ForwardedClient> client = std::nullopt,
                 dns::Claim claim = {});
    ~SmtpDelivery() override;

    bool is_apart(const smtp::Recipient& recipient) const override;
    boost::asio::awaitable<std::optional<smtp::Reply>> add_recipient(const smtp::Envelope& sender,
                                                                     smtp::Recipient recipient) override;
    void hold() override;
    boost::asio::awaitable<smtp::Reply> deliver(const OutgoingMessage& message) override;
    boost::asio::awaitable<void> abandon() override;
    const std::string& problem() const override { return problem_; }
    std::string_view destination() const override { return destination_; }
    bool is_final() const override { return false; }

  private:
    enum class Sent { whole, cut_off, unknown, unreadable };
    boost::asio::awaitable<std::optional<smtp::Reply>> start(Attempts& attempts);
    std::optional<smtp::Reply> refuse_by(const ClientSession& session);
    smtp::Reply lacks(std::string_view extension);
    Trouble trouble_in(std::size_t first_recipient) const;
    void fail_over(Attempts& attempts, const Trouble& trouble);
    bool are_all_taken() const;
    std::optional<smtp::Reply> answer_recipient(const smtp::Recipient& recipient, std::size_t index);
    smtp::Reply note_refusal(const smtp::Reply& refusal);
    boost::asio::awaitable<std::optional<smtp::Reply>> start_data(Attempts& attempts);
    boost::asio::awaitable<std::optional<smtp::Reply>> hand_over(const OutgoingMessage& message,
                                                                 Attempts& attempts);
    boost::asio::awaitable<smtp::Reply> refused_afterwards();
    smtp::Reply refused_now();
    Sent cannot_be_sent();
    boost::asio::awaitable<Sent> send(const OutgoingMessage& message, const Attempts& attempts);
    boost::asio::awaitable<bool> read_body(const SpooledBody& body, std::uint64_t offset, std::string& buffer,
                                           std::string_view& octets);
    smtp::Reply final_reply();
    smtp::Reply unavailable();
    void note_problem(std::string_view problem);
    void drop();

    RelayPool& pool_;
    const std::shared_ptr<DownstreamState> downstream_;  // of the pool; the destructor needs it still
    FilePool& files_;
    std::optional<ForwardedClient> client_;  // told to servers that ask for it
    dns::Claim claim_;  // whose turn it is when connections are short, or the disk is slow
    std::unique_ptr<RelayConnection> connection_;
    smtp::Envelope envelope_;         // with the recipients taken so far …
    std::vector<std::size_t> taken_;  // … and their places in the session's transaction
    bool one_mailbox_ = false;        // the server that took the first of them speaks LMTP
    std::size_t server_ = 0;          // spoken to last
    std::string_view destination_;    // the pool's name for it
    bool message_is_there_ = false;
    std::string problem_;
    // What every recipient so far was refused with, by one server; nullopt: they differ, or one was taken.
    std::optional<smtp::Reply> refusal_;
    bool any_answered_ = false;
    ReplyTimes times_;
};

}  // namespace gatepost::server::relay
