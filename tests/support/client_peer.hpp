// A server by script, for the client's session without sockets.
#pragma once

#include "server/relay/client_session.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tests {

namespace smtp = server::smtp;
namespace relay = server::relay;

inline smtp::Envelope client_envelope(std::vector<std::string_view> recipients = {"<r1@relay.example>",
                                                                                  "<r2@relay.example>"}) {
    smtp::Envelope made;
    made.reverse_path = *smtp::parse_reverse_path("<a@client.example>").path;
    for (const auto recipient : recipients)
        made.recipients.push_back({*smtp::parse_forward_path(recipient).path});
    return made;
}

// A session under test; run() of a case is called with whole writes and octet by octet.
class ClientPeer {
  public:
    explicit ClientPeer(bool by_octet, relay::Protocol protocol = relay::Protocol::smtp)
        : session("mx.example", protocol), by_octet_(by_octet) {}

    // The server says this.
    ClientPeer& say(std::string_view octets) {
        if (!by_octet_) session.on_octets(octets);
        for (std::size_t i = 0; by_octet_ && i < octets.size(); ++i)
            session.on_octets(octets.substr(i, 1));
        return *this;
    }
    // The client has exactly this to write.
    ClientPeer& hear(std::string_view expected) {
        EXPECT_EQ(session.take_output(), expected);
        return *this;
    }
    ClientPeer& connect(std::string_view ehlo) {
        const std::string verb = session.protocol() == relay::Protocol::lmtp ? "LHLO" : "EHLO";
        say("220 mail.example\r\n").hear(verb + " mx.example\r\n").say(ehlo);
        EXPECT_TRUE(session.is_ready());
        return *this;
    }

    relay::ClientSession session;

  private:
    bool by_octet_;
};

}  // namespace gatepost::tests
