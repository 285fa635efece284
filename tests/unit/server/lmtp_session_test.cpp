// The client's side by LMTP (RFC 2033): LHLO alone, and a reply for each recipient taken. Whole, octet by
// octet, and with everything that can go wrong at every step.
#include "tests/support/client_peer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::relay {
namespace {

using tests::client_envelope;
using tests::ClientPeer;

// As Dovecot's.
constexpr std::string_view lhlo_reply =
    "250-mail.example\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n250 STARTTLS\r\n";

class LmtpSession : public testing::TestWithParam<bool> {
  protected:
    LmtpSession() : peer(GetParam(), Protocol::lmtp), session(peer.session) {}

    // Up to the final dot, the recipients answered by `replies`.
    void send_message(std::vector<std::string_view> recipients, std::string_view replies) {
        session.start_transaction(client_envelope(std::move(recipients)));
        session.start_data();
        session.take_output();
        peer.say("250 ok\r\n").say(replies).say("354 go\r\n");
        ASSERT_TRUE(session.is_message_awaited());
        session.message_sent();
    }

    std::vector<int> final_codes() const {
        std::vector<int> codes;
        for (const smtp::Reply& reply : session.final_replies())
            codes.push_back(reply.code());
        return codes;
    }

    ClientPeer peer;
    ClientSession& session;
};
INSTANTIATE_TEST_SUITE_P(Chunks, LmtpSession, testing::Bool(),
                         [](const auto& chunks) { return chunks.param ? "ByOctet" : "Whole"; });

// §4.1: "identical semantics to the EHLO command".
TEST_P(LmtpSession, SaysLhlo) {
    peer.connect(lhlo_reply);
    EXPECT_TRUE(session.capabilities().pipelining);
    EXPECT_TRUE(session.capabilities().eight_bit_mime);
    EXPECT_FALSE(session.capabilities().dsn);
    session.start_tls();
    peer.hear("STARTTLS\r\n").say("220 go\r\n");
    session.on_tls_established();
    peer.hear("LHLO mx.example\r\n").say("250 mail.example\r\n");
    EXPECT_TRUE(session.is_ready());
    EXPECT_FALSE(session.capabilities().pipelining);
}

// §4.1: the word is there so "that both parties are not using the same protocol" is detected.
TEST_P(LmtpSession, KnowsNoHelo) {
    for (const std::string_view reply : {"500 5.5.2 what?\r\n", "502 no\r\n", "451 busy\r\n"}) {
        ClientPeer other(GetParam(), Protocol::lmtp);
        other.say("220 smtp.example ESMTP\r\n").hear("LHLO mx.example\r\n").say(reply).hear("");
        EXPECT_EQ(other.session.failure(), ClientFailure::greeting_refused);
        EXPECT_EQ(other.session.awaited_replies(), 0U);
    }
}

// §4.2: "one reply for each previously successful RCPT command", in their order; a multiline reply is one.
TEST_P(LmtpSession, HasAReplyForEachRecipientTaken) {
    peer.connect(lhlo_reply);
    session.start_transaction(client_envelope({"<pat@foo.edu>", "<jones@foo.edu>", "<green@foo.edu>"}));
    peer.hear(
        "MAIL FROM:<a@client.example>\r\nRCPT TO:<pat@foo.edu>\r\nRCPT TO:<jones@foo.edu>\r\n"
        "RCPT TO:<green@foo.edu>\r\n");
    peer.say("250 OK\r\n250 OK\r\n550 No such user here\r\n250 OK\r\n");
    session.start_data();
    peer.hear("DATA\r\n").say("354 Start mail input\r\n");
    session.message_sent();
    EXPECT_EQ(session.awaited_replies(), 2U);
    peer.say("250-2.0.0 OK\r\n250 2.0.0 saved\r\n");
    EXPECT_EQ(session.awaited_replies(), 1U);
    EXPECT_FALSE(session.is_ready());
    peer.say("452 4.2.2 <green@foo.edu> is temporarily over quota\r\n");
    EXPECT_EQ(final_codes(), (std::vector<int>{250, 452}));
    EXPECT_EQ(session.final_replies()[0].text(), "OK saved");
    EXPECT_EQ(session.final_replies()[1].enhanced_code()->text(), "4.2.2");
    EXPECT_TRUE(session.is_ready());
    session.start_transaction(client_envelope());
    EXPECT_TRUE(session.final_replies().empty());
}

// §4.2: "Even if there were multiple successful RCPT commands giving the same forward-path".
TEST_P(LmtpSession, HasAReplyForEachNamingOfARecipient) {
    peer.connect(lhlo_reply);
    send_message({"<r@relay.example>", "<r@relay.example>"}, "250 ok\r\n250 ok\r\n");
    EXPECT_EQ(session.awaited_replies(), 2U);
    peer.say("250 one\r\n250 two\r\n");
    EXPECT_EQ(final_codes(), (std::vector<int>{250, 250}));
    EXPECT_TRUE(session.is_ready());
}

TEST_P(LmtpSession, GoesOneByOneWithoutPipelining) {
    peer.connect("250 mail.example\r\n");
    session.start_transaction(client_envelope());
    session.start_data();
    peer.hear("MAIL FROM:<a@client.example>\r\n").say("250 ok\r\n");
    peer.hear("RCPT TO:<r1@relay.example>\r\n").say("250 ok\r\n");
    peer.hear("RCPT TO:<r2@relay.example>\r\n").say("250 ok\r\n");
    peer.hear("DATA\r\n").say("354 go\r\n");
    session.message_sent();
    peer.say("250 one\r\n").say("550 5.2.2 full\r\n").hear("");
    EXPECT_EQ(final_codes(), (std::vector<int>{250, 550}));
    EXPECT_TRUE(session.is_ready());
}

// What is said to the end of data of two recipients, and what the session has of it then.
TEST_P(LmtpSession, TellsRepliesThatAreMissing) {
    struct Case {
        std::string_view said;
        std::vector<int> codes;
        ClientFailure failure;  // none: the server closes
    };
    for (const auto& [said, codes, failure] : std::vector<Case>{
             {"", {}, ClientFailure::none},
             {"250 one\r\n", {250}, ClientFailure::none},
             {"250 one\r\n250-tw", {250}, ClientFailure::none},
             {"421 4.3.2 stopping\r\n", {421}, ClientFailure::service_closing},
             {"250 one\r\n421 4.3.2 stopping\r\n", {250, 421}, ClientFailure::service_closing},
             {"421 4.3.2 stopping\r\n250 two\r\n", {421}, ClientFailure::service_closing},
             {"250 one\r\nwhat?\r\n", {250}, ClientFailure::malformed_reply},
             {"250 one\r\n354 go\r\n", {250}, ClientFailure::unexpected_reply},
             {"250 one\r\n250 two\r\n250 three\r\n", {250, 250}, ClientFailure::unexpected_reply},
         }) {
        SCOPED_TRACE(said);
        peer = ClientPeer(GetParam(), Protocol::lmtp);
        peer.connect(lhlo_reply);
        send_message({"<r1@relay.example>", "<r2@relay.example>"}, "250 ok\r\n250 ok\r\n");
        peer.say(said);
        EXPECT_EQ(final_codes(), codes);
        EXPECT_EQ(session.failure(), failure);
        session.on_end_of_stream();
        EXPECT_FALSE(session.is_usable());
        EXPECT_FALSE(session.is_ready());
        EXPECT_EQ(session.awaited_replies(), 0U);
        EXPECT_EQ(final_codes(), codes);
    }
}

// §4.2: DATA MUST fail where no recipient was taken; with 354 there would be nothing to wait for.
TEST_P(LmtpSession, SendsNoMessageForNobody) {
    peer.connect(lhlo_reply);
    session.start_transaction(client_envelope());
    session.start_data();
    peer.say("250 ok\r\n550 no\r\n550 no\r\n354 go\r\n");
    EXPECT_EQ(session.failure(), ClientFailure::unexpected_reply);
    EXPECT_FALSE(session.is_message_awaited());
}

// The end of the stream, the word that it closes, and nonsense, at each step in turn: the session is over,
// and no reply stands for another.
TEST_P(LmtpSession, FailsAtEveryStep) {
    const std::vector<std::string_view> steps = {
        "220 mail.example\r\n", lhlo_reply,    "250 ok\r\n250 ok\r\n250 ok\r\n",
        "354 go\r\n",           "250 one\r\n", "250 two\r\n"};
    for (const std::string_view trouble : {"", "421 4.3.2 stopping\r\n", "SSH-2.0-x\r\n"}) {
        for (std::size_t broken = 0; broken < steps.size(); ++broken) {
            SCOPED_TRACE(std::string(trouble) + " at step " + std::to_string(broken));
            peer = ClientPeer(GetParam(), Protocol::lmtp);
            for (std::size_t step = 0; step < broken; ++step) {
                peer.say(steps[step]);
                if (step == 1) session.start_transaction(client_envelope());
                if (step == 2) session.start_data();
                if (step == 3) session.message_sent();
            }
            session.take_output();
            peer.say(trouble);
            if (trouble.empty()) session.on_end_of_stream();
            EXPECT_NE(session.failure(), ClientFailure::none);
            const std::size_t answers =
                (broken == 5 ? 1 : 0) + (broken > 3 && trouble.starts_with("421") ? 1 : 0);
            EXPECT_EQ(session.final_replies().size(), answers);
            EXPECT_FALSE(session.is_ready());
            EXPECT_EQ(session.awaited_replies(), 0U);
            peer.hear("");
        }
    }
}

TEST_P(LmtpSession, TellsTheClientByXclient) {
    const ForwardedClient client{*dns::IpAddress::parse("192.0.2.7"), "client.example", true, "1f-2"};
    const std::string_view offer =
        "250-mail.example\r\n250-PIPELINING\r\n250 XCLIENT ADDR PORT PROTO HELO\r\n";
    peer.connect(offer);
    for (const bool offered_again : {true, false}) {
        session.start_transaction(client_envelope({"<r1@relay.example>"}), &client);
        peer.hear("XCLIENT ADDR=192.0.2.7 PROTO=ESMTP HELO=client.example\r\n").say("220 mail.example\r\n");
        peer.hear("LHLO client.example\r\n").say(offered_again ? offer : lhlo_reply);
        peer.hear("MAIL FROM:<a@client.example>\r\nRCPT TO:<r1@relay.example>\r\n");
        session.start_data();
        peer.say("250 ok\r\n250 ok\r\n354 go\r\n");
        session.message_sent();
        peer.say("250 done\r\n");
        EXPECT_EQ(final_codes(), std::vector<int>{250});
        EXPECT_EQ(session.failure(), ClientFailure::none);
        EXPECT_TRUE(session.is_ready());
        // The next client would be taken for this one.
        EXPECT_EQ(session.is_spent(), !offered_again);
        EXPECT_EQ(session.take_output(), "DATA\r\n");
    }
    EXPECT_THROW(session.start_transaction(client_envelope()), std::logic_error);
    session.quit();
    peer.hear("QUIT\r\n");
}

}  // namespace
}  // namespace gatepost::server::relay
