// The client's side against scripted servers: what it writes, what it makes of the replies, whole and octet
// by octet.
#include "tests/support/client_peer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::relay {
namespace {

using smtp::parse_forward_path;

constexpr std::string_view plain_ehlo = "250 mail.example\r\n";
constexpr std::string_view full_ehlo =
    "250-mail.example\r\n250-pipelining\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-STARTTLS\r\n"
    "250-DSN\r\n250-XFORWARD NAME ADDR\r\n250 ENHANCEDSTATUSCODES\r\n";

using tests::client_envelope;
using Peer = tests::ClientPeer;

class ClientSessionTest : public testing::TestWithParam<bool> {
  protected:
    Peer peer{GetParam()};
    ClientSession& session = peer.session;
};
INSTANTIATE_TEST_SUITE_P(Chunks, ClientSessionTest, testing::Bool(),
                         [](const auto& chunks) { return chunks.param ? "ByOctet" : "Whole"; });

const ForwardedClient forwarded{*dns::IpAddress::parse("2001:db8::7"), "[192.0.2.7]", true, "1f-2"};

// XFORWARD_README: before MAIL, in one group, and its refusal is of no weight.
TEST_P(ClientSessionTest, TellsTheClientByXforward) {
    peer.connect(
        "250-mail.example\r\n250-PIPELINING\r\n250-XCLIENT ADDR\r\n250 XFORWARD NAME ADDR PROTO HELO IDENT "
        "SOURCE\r\n");
    session.start_transaction(client_envelope({"<r1@relay.example>"}), &forwarded);
    peer.hear(
        "XFORWARD ADDR=IPV6:2001:db8::7 PROTO=ESMTP HELO=[192.0.2.7] IDENT=1f-2 SOURCE=REMOTE\r\n"
        "MAIL FROM:<a@client.example>\r\nRCPT TO:<r1@relay.example>\r\n");
    peer.say("550 5.7.0 not you\r\n250 ok\r\n250 ok\r\n");
    ASSERT_TRUE(session.recipient_reply(0));
    EXPECT_EQ(session.recipient_reply(0)->code(), 250);
}

// XCLIENT_README: back to the greeting, EHLO again, and only then the transaction; for each one anew.
TEST_P(ClientSessionTest, TellsTheClientByXclient) {
    peer.connect("250-mail.example\r\n250-PIPELINING\r\n250-SIZE\r\n250 XCLIENT NAME ADDR PROTO HELO\r\n");
    for (int transaction = 0; transaction < 2; ++transaction) {
        session.start_transaction(client_envelope({"<r1@relay.example>"}), &forwarded);
        peer.hear("XCLIENT ADDR=IPV6:2001:db8::7 PROTO=ESMTP HELO=[192.0.2.7]\r\n");
        peer.say("220 mail.example\r\n").hear("EHLO [192.0.2.7]\r\n");
        peer.say("250-mail.example\r\n250-PIPELINING\r\n250 XCLIENT ADDR PROTO HELO\r\n");
        EXPECT_FALSE(session.is_ready()) << "a transaction is open";
        EXPECT_FALSE(session.capabilities().size) << "what counts is what was said last";
        peer.hear("MAIL FROM:<a@client.example>\r\nRCPT TO:<r1@relay.example>\r\n");
        peer.say("250 ok\r\n250 ok\r\n");
        session.start_data();
        peer.hear("DATA\r\n").say("354 go\r\n");
        session.message_sent();
        peer.say("250 done\r\n");
        EXPECT_TRUE(session.is_ready());
    }
}

// RFC 5321 §4.1.1.1: what the EHLO behind XCLIENT offers counts for MAIL and RCPT, and nothing from before.
TEST_P(ClientSessionTest, WordsTheTransactionByWhatIsOfferedBehindXclient) {
    peer.connect("250-mail.example\r\n250-SIZE\r\n250-DSN\r\n250-8BITMIME\r\n250 XCLIENT ADDR\r\n");
    auto sent = client_envelope({"<r1@relay.example>"});
    sent.declared_size = 10;
    sent.body = smtp::BodyType::seven_bit;
    session.start_transaction(sent, &forwarded);
    session.add_recipient(*parse_forward_path("<r2@relay.example>").path);
    peer.hear("XCLIENT ADDR=IPV6:2001:db8::7\r\n").say("220 mail.example\r\n").hear("EHLO [192.0.2.7]\r\n");
    peer.say("250-mail.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
    peer.hear(
        "MAIL FROM:<a@client.example> BODY=7BIT\r\nRCPT TO:<r1@relay.example>\r\n"
        "RCPT TO:<r2@relay.example>\r\n");
}

// PRODUCT.md: a capability gone at relay time is 451.
TEST_P(ClientSessionTest, SendsNothingWhereXclientTakesAnExtensionAway) {
    peer.connect("250-mail.example\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 XCLIENT ADDR\r\n");
    auto sent = client_envelope({"<r1@relay.example>"});
    sent.smtputf8 = true;
    session.start_transaction(sent, &forwarded);
    peer.hear("XCLIENT ADDR=IPV6:2001:db8::7\r\n").say("220 mail.example\r\n").hear("EHLO [192.0.2.7]\r\n");
    peer.say("250-mail.example\r\n250 8BITMIME\r\n").hear("");
    EXPECT_EQ(session.failure(), ClientFailure::extension_withdrawn);
    EXPECT_FALSE(session.is_usable());
}

// The client before is not to be taken for this one.
TEST_P(ClientSessionTest, GoesNoFurtherWithoutXclient) {
    for (const std::string_view reply : {"550 5.7.0 not you\r\n", "250 ok\r\n", "421 closing\r\n"}) {
        Peer other(GetParam());
        other.connect("250-mail.example\r\n250 XCLIENT ADDR\r\n");
        other.session.start_transaction(client_envelope({"<r1@relay.example>"}), &forwarded);
        other.hear("XCLIENT ADDR=IPV6:2001:db8::7\r\n").say(reply).hear("");
        EXPECT_FALSE(other.session.is_usable());
    }
}

TEST(ForwardedClient, KeepsToTheLengthOfALine) {
    const ForwardedClient client{*dns::IpAddress::parse("192.0.2.7"), std::string(255, '+'), false, "1f-2"};
    const auto lines = xforward_lines(client, {"ADDR", "HELO", "PROTO", "UNKNOWN"});
    ASSERT_EQ(lines.size(), 3U) << "an encoded '+' takes three octets";
    EXPECT_EQ(lines[0], "XFORWARD ADDR=192.0.2.7\r\n");
    EXPECT_EQ(lines[2], "XFORWARD PROTO=SMTP\r\n");
    const auto too_long = xforward_lines(client, {"HELO", "PROTO"});
    ASSERT_EQ(too_long.size(), 2U) << "no line without an attribute";
    EXPECT_TRUE(too_long[0].starts_with("XFORWARD HELO="));
    EXPECT_TRUE(xforward_lines(client, {"NAME"}).empty());
    EXPECT_EQ(xclient_line(client, {"NAME", "PORT"}), "");
}

// RFC 2920 §3.1.
TEST_P(ClientSessionTest, PipelinedTransaction) {
    peer.connect(full_ehlo);
    EXPECT_EQ(session.awaited_replies(), 0u);
    auto sent = client_envelope();
    sent.declared_size = 10;
    sent.body = smtp::BodyType::eight_bit_mime;
    sent.smtputf8 = true;
    session.start_transaction(sent);
    peer.hear(
        "MAIL FROM:<a@client.example> SIZE=10 BODY=8BITMIME SMTPUTF8\r\n"
        "RCPT TO:<r1@relay.example>\r\nRCPT TO:<r2@relay.example>\r\n");
    EXPECT_EQ(session.awaited_replies(), 3u);
    EXPECT_EQ(session.add_recipient(*parse_forward_path("<r3@relay.example>").path), 2u);
    peer.hear("RCPT TO:<r3@relay.example>\r\n");
    peer.say("250 2.1.0 ok\r\n250 2.1.5 ok\r\n550-5.1.1 No\r\n550 5.1.1 user\r\n");
    EXPECT_EQ(session.sender_reply()->code(), 250);
    EXPECT_EQ(session.recipient_reply(0)->code(), 250);
    EXPECT_EQ(session.recipient_reply(1)->text(), "No user");
    EXPECT_EQ(session.recipient_reply(1)->enhanced_code()->text(), "5.1.1");
    EXPECT_FALSE(session.recipient_reply(2));
    EXPECT_EQ(session.awaited_replies(), 1u);
    session.start_data();
    peer.hear("DATA\r\n").say("451 4.2.1 later\r\n354 go\r\n");
    EXPECT_EQ(session.recipient_reply(2)->code(), 451);
    EXPECT_TRUE(session.is_message_awaited());
    session.message_sent();
    EXPECT_EQ(session.awaited_replies(), 1u);
    peer.say("250 2.6.0 queued\r\n");
    EXPECT_EQ(session.final_replies().at(0).text(), "queued");
    EXPECT_TRUE(session.is_ready());
    session.start_transaction(client_envelope({"<r1@relay.example>"}));
    EXPECT_TRUE(session.final_replies().empty());
    EXPECT_EQ(session.recipient_count(), 1u);
}

// Nothing of the transaction before is taken for an answer to this one.
TEST_P(ClientSessionTest, BeginsEachTransactionWithoutAnswers) {
    peer.connect(full_ehlo);
    session.start_transaction(client_envelope({"<r1@relay.example>"}));
    session.start_data();
    peer.say("250 ok\r\n550 no\r\n554 no recipient\r\n");
    EXPECT_TRUE(session.sender_reply() && session.recipient_reply(0) && session.data_reply());
    session.abandon_transaction();
    peer.say("250 ok\r\n");
    ASSERT_TRUE(session.is_ready());
    session.start_transaction(client_envelope({"<r1@relay.example>"}));
    EXPECT_FALSE(session.sender_reply());
    EXPECT_FALSE(session.recipient_reply(0));
    EXPECT_FALSE(session.data_reply());
    EXPECT_TRUE(session.final_replies().empty());
}

TEST_P(ClientSessionTest, OneByOneWithoutPipelining) {
    peer.connect(plain_ehlo);
    auto sent = client_envelope();
    sent.declared_size = 10;  // no parameter that is not offered
    sent.body = smtp::BodyType::seven_bit;
    session.start_transaction(sent);
    session.start_data();
    EXPECT_EQ(session.awaited_replies(), 4u);
    peer.hear("MAIL FROM:<a@client.example>\r\n").say("250 ok\r\n");
    peer.hear("RCPT TO:<r1@relay.example>\r\n").say("250 ok\r\n");
    peer.hear("RCPT TO:<r2@relay.example>\r\n").say("250 ok\r\n");
    peer.hear("DATA\r\n").say("354 go\r\n");
    EXPECT_TRUE(session.is_message_awaited());
    session.message_sent();
    peer.say("550 5.7.1 No\r\n").hear("");
    EXPECT_EQ(session.final_replies().at(0).code(), 550);
    EXPECT_TRUE(session.is_ready());
    session.quit();
    peer.hear("QUIT\r\n").say("221 bye\r\n");
    EXPECT_FALSE(session.is_usable());
    EXPECT_EQ(session.failure(), ClientFailure::none);
}

TEST_P(ClientSessionTest, Capabilities) {
    peer.connect(full_ehlo);
    Capabilities all{true, true, true, 1000, true, true, true, false, true, true, {"NAME", "ADDR"}, {}};
    EXPECT_EQ(session.capabilities(), all);
    EXPECT_EQ(session.missing_extension(client_envelope()), "");
}

// RFC 3461 §5.2.1: the same values, and none that did not come; §5.2.2: none where it is not offered.
TEST_P(ClientSessionTest, Dsn) {
    auto sent = client_envelope({"<r1@relay.example>"});
    sent.dsn.ret = "hdrs";
    sent.dsn.envid = "QQ+2B1";
    sent.recipients[0].dsn.notify = "success,DELAY";
    sent.recipients[0].dsn.orcpt = "rfc822;R1+40Relay";
    peer.connect(full_ehlo);
    EXPECT_EQ(session.missing_extension(sent), "");
    session.start_transaction(sent);
    session.add_recipient(*parse_forward_path("<r2@relay.example>").path);
    peer.hear(
        "MAIL FROM:<a@client.example> RET=hdrs ENVID=QQ+2B1\r\n"
        "RCPT TO:<r1@relay.example> NOTIFY=success,DELAY ORCPT=rfc822;R1+40Relay\r\n"
        "RCPT TO:<r2@relay.example>\r\n");

    Peer plain(GetParam());
    plain.connect(plain_ehlo);
    EXPECT_EQ(plain.session.missing_extension(sent), "DSN");
    sent.dsn = {};
    EXPECT_EQ(plain.session.missing_extension(sent), "DSN");
    sent.recipients[0].dsn = {};
    EXPECT_EQ(plain.session.missing_extension(sent), "");
}

// RFC 8689 §4.2.1: only a server that offers it inside TLS.
TEST_P(ClientSessionTest, RequireTls) {
    auto sent = client_envelope({"<r1@relay.example>"});
    sent.requiretls = true;
    const std::string_view ehlo = "250-mail.example\r\n250-STARTTLS\r\n250 REQUIRETLS\r\n";
    peer.connect(ehlo);
    EXPECT_EQ(session.missing_extension(sent), "REQUIRETLS");
    session.start_tls();
    peer.hear("STARTTLS\r\n").say("220 go\r\n");
    session.on_tls_established();
    peer.hear("EHLO mx.example\r\n").say(ehlo);
    EXPECT_EQ(session.missing_extension(sent), "");
    session.start_transaction(sent);
    peer.hear("MAIL FROM:<a@client.example> REQUIRETLS\r\n");
}

// RFC 5321 §3.2.
TEST_P(ClientSessionTest, FallsBackToHelo) {
    peer.say("220 old\r\n")
        .hear("EHLO mx.example\r\n")
        .say("502 what\r\n")
        .hear("HELO mx.example\r\n")
        .say("250 old\r\n");
    EXPECT_TRUE(session.is_ready());
    EXPECT_EQ(session.capabilities(), Capabilities());
    auto needs = client_envelope();
    needs.body = smtp::BodyType::eight_bit_mime;
    EXPECT_EQ(session.missing_extension(needs), "8BITMIME");
    needs.smtputf8 = true;
    EXPECT_EQ(session.missing_extension(needs), "SMTPUTF8");
}

// RFC 3207 §4.2: the capabilities of before are forgotten.
TEST_P(ClientSessionTest, StartTls) {
    peer.connect(full_ehlo);
    session.start_tls();
    peer.hear("STARTTLS\r\n").say("220 go\r\n");
    EXPECT_EQ(session.starttls_reply()->code(), 220);
    EXPECT_FALSE(session.is_ready());
    session.on_tls_established();
    EXPECT_FALSE(session.capabilities().pipelining);
    peer.hear("EHLO mx.example\r\n").say(plain_ehlo);
    EXPECT_TRUE(session.is_ready());
    EXPECT_FALSE(session.capabilities().starttls);
}

TEST_P(ClientSessionTest, StartTlsRefused) {
    peer.connect(full_ehlo);
    session.start_tls();
    peer.hear("STARTTLS\r\n").say("454 4.7.0 not now\r\n");
    EXPECT_TRUE(session.is_ready());
    EXPECT_TRUE(session.capabilities().pipelining);
}

// Replies in the clear behind the 220 would be read as the TLS server's.
TEST_P(ClientSessionTest, StarttlsReplyInjection) {
    peer.connect(full_ehlo);
    session.start_tls();
    peer.hear("STARTTLS\r\n").say("220 go\r\n250 injected\r\n");
    EXPECT_EQ(session.failure(), ClientFailure::unexpected_reply);
}

TEST_P(ClientSessionTest, AbandonedTransaction) {
    peer.connect(full_ehlo);
    session.start_transaction(client_envelope());
    session.abandon_transaction();
    EXPECT_FALSE(session.is_ready());
    peer.say("250 ok\r\n550 no\r\n250 ok\r\n250 reset\r\n");
    EXPECT_TRUE(session.is_ready());
    session.abandon_transaction();  // nothing to give up
    EXPECT_TRUE(session.is_ready());
    EXPECT_EQ(session.awaited_replies(), 0u);
}

TEST_P(ClientSessionTest, AbandonedWithoutPipelining) {
    peer.connect(plain_ehlo);
    session.start_transaction(client_envelope());
    session.abandon_transaction();
    peer.hear("MAIL FROM:<a@client.example>\r\n").say("250 ok\r\n").hear("RSET\r\n").say("250 ok\r\n");
    EXPECT_TRUE(session.is_ready());
}

TEST_P(ClientSessionTest, DataRefused) {
    peer.connect(full_ehlo);
    session.start_transaction(client_envelope());
    session.start_data();
    peer.say("250 ok\r\n250 ok\r\n250 ok\r\n451 no\r\n");
    EXPECT_EQ(session.data_reply()->code(), 451);
    EXPECT_FALSE(session.is_message_awaited());
    EXPECT_FALSE(session.is_ready());
    peer.hear(
        "MAIL FROM:<a@client.example>\r\nRCPT TO:<r1@relay.example>\r\nRCPT "
        "TO:<r2@relay.example>\r\nDATA\r\n");
    session.abandon_transaction();
    peer.hear("RSET\r\n").say("250 ok\r\n");
    EXPECT_TRUE(session.is_ready());
}

// With 354 there is no way back: a final dot would deliver half a message.
TEST_P(ClientSessionTest, AbandonedInsideTheMessage) {
    peer.connect(full_ehlo);
    session.start_transaction(client_envelope());
    session.start_data();
    session.take_output();
    peer.say("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    session.abandon_transaction();
    EXPECT_FALSE(session.is_usable());
    peer.hear("");
}

// Where the server stops being one: what is said, after which replies were awaited.
TEST(ClientSession, Failures) {
    struct Case {
        const char* name;
        std::string_view said;
        ClientFailure failure;
        int code;  // of failure_reply(); 0: none
    };
    for (const auto& [name, said, failure, code] : {
             Case{"greeting 554", "554 no\r\n", ClientFailure::greeting_refused, 554},
             Case{"greeting 421", "421 busy\r\n", ClientFailure::service_closing, 421},
             Case{"greeting 250", "250 hm\r\n", ClientFailure::greeting_refused, 250},
             Case{"no SMTP", "SSH-2.0-x\r\n", ClientFailure::malformed_reply, 0},
             Case{"EHLO 421", "220 a\r\n421 busy\r\n", ClientFailure::service_closing, 421},
             Case{"EHLO 451", "220 a\r\n451 busy\r\n", ClientFailure::greeting_refused, 451},
             Case{"HELO 550", "220 a\r\n550 no\r\n550 no\r\n", ClientFailure::greeting_refused, 550},
             Case{"unasked", "220 a\r\n250 a\r\n250 b\r\n", ClientFailure::unexpected_reply, 250},
             Case{"unasked 421", "220 a\r\n250 a\r\n421 b\r\n", ClientFailure::service_closing, 421},
         }) {
        SCOPED_TRACE(name);
        Peer other(false);  // octet by octet, an unasked reply fails at its first octet
        other.say(said);
        EXPECT_EQ(other.session.failure(), failure);
        EXPECT_EQ(other.session.failure_reply() ? other.session.failure_reply()->code() : 0, code);
        EXPECT_FALSE(other.session.is_usable());
        EXPECT_EQ(other.session.awaited_replies(), 0u);
        other.hear("");
    }
}

TEST_P(ClientSessionTest, RepliesWithoutMeaning) {
    for (const auto said :
         {"354 go\r\n", "250 ok\r\n354 go\r\n", "250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n"}) {
        SCOPED_TRACE(said);
        Peer other(GetParam());
        other.connect(full_ehlo);
        other.session.start_transaction(client_envelope());
        other.session.start_data();
        other.say(said);
        EXPECT_EQ(other.session.failure(), ClientFailure::unexpected_reply);
    }
}

// A reply before the final dot is nobody's answer.
TEST_P(ClientSessionTest, ReplyInsideTheMessage) {
    peer.connect(full_ehlo);
    session.start_transaction(client_envelope());
    session.start_data();
    peer.say("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 already\r\n");
    EXPECT_EQ(session.failure(), ClientFailure::unexpected_reply);
    EXPECT_TRUE(session.final_replies().empty());
    EXPECT_FALSE(session.is_message_awaited());
}

TEST_P(ClientSessionTest, HalfAReplyThatNothingAskedFor) {
    peer.connect(full_ehlo).say("25");
    EXPECT_EQ(session.failure(), ClientFailure::unexpected_reply);
}

TEST_P(ClientSessionTest, ClosedByThePeer) {
    peer.connect(full_ehlo);
    session.start_transaction(client_envelope());
    peer.say("250 ok\r\n421 4.3.2 stopping\r\n");
    EXPECT_EQ(session.failure(), ClientFailure::service_closing);
    EXPECT_EQ(session.sender_reply()->code(), 250);
    EXPECT_EQ(session.recipient_reply(0)->code(), 421);
    EXPECT_FALSE(session.recipient_reply(1));
    session.start_data();  // the driver has not looked yet: no bug, and nothing happens
    peer.hear("");
    Peer gone(GetParam());
    gone.connect(full_ehlo);
    gone.session.on_end_of_stream();
    EXPECT_EQ(gone.session.failure(), ClientFailure::connection_closed);
    EXPECT_FALSE(gone.session.is_ready());
}

// The final reply counts, whatever comes behind it.
TEST_P(ClientSessionTest, FinalReplyAndThenTheEnd) {
    peer.connect(full_ehlo);
    session.start_transaction(client_envelope());
    session.start_data();
    peer.say("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    session.message_sent();
    peer.say("250 2.0.0 queued\r\n").say("421 bye\r\n");
    EXPECT_EQ(session.final_replies().at(0).code(), 250);
    EXPECT_FALSE(session.is_usable());
}

TEST(ClientSession, CallsOutOfOrderAreBugs) {
    ClientSession session("mx.example");
    EXPECT_THROW(session.start_transaction(client_envelope()), std::logic_error);
    EXPECT_THROW(session.start_data(), std::logic_error);
    EXPECT_THROW(session.message_sent(), std::logic_error);
    EXPECT_THROW(session.start_tls(), std::logic_error);
    EXPECT_THROW(session.on_tls_established(), std::logic_error);
    EXPECT_THROW(session.quit(), std::logic_error);
}

}  // namespace
}  // namespace gatepost::server::relay
