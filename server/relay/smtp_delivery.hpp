// Delivery to a downstream server over a pooled connection. The downstream is asked for each recipient while
// the client waits at RCPT, so its refusal is passed on there; its reply to the message is the reply to the
// client. An LMTP server has a reply for each recipient (RFC 2033 §4.2), so by LMTP a transaction goes to one
// mailbox, however often the client names it.
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
    // `pool` outlives the worker's transactions.
    SmtpDelivery(RelayPool& pool, FilePool& files, std::optional<ForwardedClient> client = std::nullopt);

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
    boost::asio::awaitable<std::optional<smtp::Reply>> start(bool fresh);
    std::optional<smtp::Reply> refuse_by(const ClientSession& session);
    smtp::Reply lacks(std::string_view extension);
    bool is_given_up_by_server() const;
    bool are_all_taken() const;
    boost::asio::awaitable<std::optional<smtp::Reply>> start_data();
    boost::asio::awaitable<smtp::Reply> refused_afterwards();
    bool cannot_be_sent();
    boost::asio::awaitable<bool> send(const OutgoingMessage& message);
    boost::asio::awaitable<bool> read_body(const SpooledBody& body, std::uint64_t offset, std::string& buffer,
                                           std::string_view& octets);
    smtp::Reply unavailable();
    void drop();

    RelayPool& pool_;
    FilePool& files_;
    std::optional<ForwardedClient> client_;  // told to servers that ask for it
    std::unique_ptr<RelayConnection> connection_;
    smtp::Envelope envelope_;         // with the recipients taken so far …
    std::vector<std::size_t> taken_;  // … and their places in the session's transaction
    bool one_mailbox_ = false;        // the server that took the first of them speaks LMTP
    std::string_view destination_;    // the pool's name for it
    bool message_is_there_ = false;
    std::string problem_;
    ReplyTimes times_;
};

}  // namespace gatepost::server::relay
