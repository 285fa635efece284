// The envelope of `verify` as a client would say it: HELO, MAIL and RCPT to the server's own protocol, so
// that what it refuses on the wire is refused here, with the same words.
#pragma once

#include "server/smtp/client_leave.hpp"
#include "server/smtp/envelope.hpp"
#include "server/smtp/reply.hpp"
#include "server/smtp/session.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::server::cli {

struct SpokenRecipient {
    std::string address;
    std::optional<smtp::Reply> refusal;  // nullopt: taken
};

struct SpokenEnvelope {
    smtp::Envelope envelope;
    std::vector<SpokenRecipient> recipients;
    // What ends the transaction before any data: the sender is refused, or every recipient that was named.
    std::optional<smtp::Reply> refusal;
    // An argument that is none at all, and what is wrong with it: "--helo \"a b\": Bad domain name"; or
    // empty.
    std::string bad_argument;
};

// `leave`: what is forgiven to this client. `helo` empty: nothing is said of it. `mail_from` and `rcpt_to`
// without brackets.
SpokenEnvelope speak_envelope(std::shared_ptr<const smtp::SessionOptions> options, smtp::ClientLeave leave,
                              const std::string& helo, const std::string& mail_from,
                              const std::vector<std::string>& rcpt_to);

}  // namespace gatepost::server::cli
