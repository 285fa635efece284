// The way behind: where one transaction's mail goes. The client's 250 is sent only after deliver() gave one.
#pragma once

#include "server/outgoing_message.hpp"
#include "server/smtp/envelope.hpp"
#include "server/smtp/reply.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::relay {

class Delivery {
  public:
    virtual ~Delivery() = default;

    // Beside the recipients taken, this one needs a transaction of its own: it goes elsewhere, or has an
    // outcome of its own there, and one reply can tell only one (PRODUCT.md, "One transaction, one outcome").
    virtual bool is_apart(const smtp::Recipient& recipient) const = 0;
    // Asks whether a recipient can be delivered to. nullopt: yes; otherwise the reply to pass on to the
    // client. `sender` is the envelope without its recipients; the same at each call.
    virtual boost::asio::awaitable<std::optional<smtp::Reply>> add_recipient(const smtp::Envelope& sender,
                                                                             smtp::Recipient recipient) = 0;
    // The message is whole, and is to be delivered: what others might have been given while its client took
    // its time is kept from now on. deliver() does so itself; before it comes, others may have their turn.
    virtual void hold() {}
    // Hands the message over to all recipients taken. Positive: it is safe there.
    virtual boost::asio::awaitable<smtp::Reply> deliver(const OutgoingMessage& message) = 0;
    // Gives everything back without a message; after it only the destructor may follow.
    virtual boost::asio::awaitable<void> abandon() = 0;

    // For the log: what went wrong here, where a reply above was ours and not the downstream server's. Not
    // for clients.
    virtual const std::string& problem() const = 0;
    // For the log: the destination that was spoken to last, as relay.to names it; empty: none yet.
    virtual std::string_view destination() const = 0;
    // Where this is the last stop: the message gets a Return-Path (RFC 5321 §4.4).
    virtual bool is_final() const = 0;
};

}  // namespace gatepost::server::relay
