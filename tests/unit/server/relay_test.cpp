// Delivery to downstream servers that answer, refuse, fall silent and go away at each step.
#include "tests/support/file_size_limit.hpp"
#include "tests/support/relay_fixture.hpp"
#include "tests/support/run.hpp"

#include "server/relay/maildir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <list>

namespace gatepost::server::relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

using tests::Downstream;
using tests::greeting;
using tests::offers;
using tests::Replies;

class Relay : public tests::RelayFixture {};

TEST_F(Relay, hands_the_message_over) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 2.0.0 queued as 1"});
    EXPECT_EQ(run({"a@example.com"}), (Replies{"ok", "250 queued as 1"}));
    EXPECT_EQ(downstream.lines[0], "EHLO mx.example");
    EXPECT_EQ(downstream.lines[1], "MAIL FROM:<>");
    EXPECT_EQ(downstream.lines[2], "RCPT TO:<a@example.com>");
    EXPECT_EQ(downstream.lines[3], "DATA");
    EXPECT_EQ(downstream.messages, Replies{"Top: 1\r\nSubject: x\r\n\r\nfirst\r\n..dot"});
}

// Nothing upstream lets such octets in; if one day something does, the server behind must not see an end in
// them (RFC 5321 §2.3.8).
TEST_F(Relay, ends_no_message_that_holds_a_bare_newline) {
    tests::run(body.append("evil\r\n.\nMAIL FROM:<x@example.com>\r\n"));
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 never said"});
    const Replies replies = run({"a@example.com"});
    EXPECT_EQ(replies[0], "ok");
    EXPECT_TRUE(replies[1].starts_with("451 ")) << replies[1];
    EXPECT_TRUE(downstream.messages.empty());
    EXPECT_EQ(downstream.lines.back(), "DATA");
}

TEST_F(Relay, passes_refusals_on) {
    downstream.expect_connection({greeting, offers, "250 ok", "550 5.1.1 nobody here", "250 ok", "354 go",
                                  "554 5.7.1 not this message"});
    EXPECT_EQ(run({"a@example.com", "b@example.com"}),
              (Replies{"550 nobody here", "ok", "554 not this message"}));
}

TEST_F(Relay, passes_a_refused_sender_on_at_each_recipient) {
    downstream.expect_connection({greeting, offers, "550 5.7.1 go away", "503 need MAIL", "250 reset"});
    EXPECT_EQ(run({"a@example.com"}), Replies{"550 go away"});
}

TEST_F(Relay, answers_451_where_nobody_is_behind) {
    downstream.expect_connection({"554 no service"});
    const Replies replies = run({"a@example.com"});
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_TRUE(replies[0].starts_with("451 ")) << replies[0];
}

// The connection goes away at each step in turn: never a 2xx, never a 5xx.
TEST_F(Relay, answers_451_when_the_connection_is_lost_inside_the_message) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", ""});
    const Replies replies = run({"a@example.com"});
    EXPECT_EQ(replies[0], "ok");
    EXPECT_TRUE(replies[1].starts_with("451 ")) << replies[1];
}

TEST_F(Relay, opens_the_transaction_anew_when_the_server_gave_it_up_before_data) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", ""});
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 second"});
    EXPECT_EQ(run({"a@example.com"}), (Replies{"ok", "250 second"}));
    EXPECT_EQ(downstream.connections, 2);
}

// RFC 5321 §3.8: it says so before it closes. A client that is slow over a large message would else be
// deferred each time it comes.
TEST_F(Relay, opens_the_transaction_anew_when_the_server_said_421_before_data) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "421 4.4.2 timeout exceeded"});
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 second"});
    EXPECT_EQ(run({"a@example.com"}), (Replies{"ok", "250 second"}));
    EXPECT_EQ(downstream.connections, 2);
}

TEST_F(Relay, replaces_an_idle_connection_that_says_421) {
    downstream.expect_connection(
        {greeting, offers, "250 ok", "250 ok", "354 go", "250 first", "421 4.4.2 timeout exceeded"});
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 second"});
    downstream.start();
    RelayPool pool(context.get_executor(), {{"127.0.0.1", downstream.port()}}, "mx.example",
                   std::make_shared<DownstreamState>(1));
    EXPECT_EQ(run_one(transact({"a@example.com"}, pool)), (Replies{"ok", "250 first"}));
    EXPECT_EQ(run_one(transact({"b@example.com"}, pool)), (Replies{"ok", "250 second"}));
}

// Clients that fall silent after RCPT do not keep the mail of others waiting, and lose nothing.
TEST_F(Relay, takes_a_connection_from_a_transaction_that_waits_for_its_client) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "250 reset",  // slow, at RCPT
                                  "250 ok", "250 ok", "354 go", "250 quick",          // quick
                                  "250 ok", "250 ok", "354 go", "250 slow"});         // slow, asked again
    EXPECT_EQ(deliver_behind_a_quick_one()->text(), "slow");
    EXPECT_EQ(downstream.connections, 1);
}

// A recipient that is refused only the second time: 451, as the client was told otherwise.
TEST_F(Relay, answers_451_when_a_recipient_is_refused_after_the_connection_was_taken) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "250 reset",  // slow, at RCPT
                                  "250 ok", "250 ok", "354 go", "250 quick",          // quick
                                  "250 ok", "550 no", "250 reset"});                  // slow, asked again
    const auto reply = deliver_behind_a_quick_one();
    EXPECT_EQ(reply->code(), 451);
    EXPECT_EQ(reply->text(), "the mail system behind refuses now what it took before");
    EXPECT_EQ(downstream.messages.size(), 1U);
}

// XCLIENT_README, note 1: Postfix takes it once. The next client would stand in its log as the one before.
TEST_F(Relay, gives_a_connection_that_was_told_of_one_client_to_no_other) {
    const std::string offers_it = "250-behind\r\n250 XCLIENT ADDR";
    std::list<Downstream> servers;  // until the context runs no more
    for (const std::string_view again : {"250 behind", "250-behind\r\n250 XCLIENT ADDR"}) {
        Downstream& server = servers.emplace_back(context);
        const std::string second_ehlo(again);
        for (int i = 0; i < 2; ++i)
            server.expect_connection({greeting, offers_it, "220 behind", second_ehlo, "250 ok", "250 ok",
                                      "354 go", "250 done", "220 behind", second_ehlo, "250 ok", "250 ok",
                                      "354 go", "250 done"});
        server.start();
        RelayPool pool(context.get_executor(), {{"127.0.0.1", server.port()}}, "mx.example",
                       std::make_shared<DownstreamState>(1));
        for (const auto* address : {"192.0.2.7", "192.0.2.8"}) {
            client = ForwardedClient{*dns::IpAddress::parse(address), "client.example", true, "1f-2"};
            EXPECT_EQ(run_one(transact({"a@example.com"}, pool)), (Replies{"ok", "250 done"}));
        }
        const bool may_stay = second_ehlo != "250 behind";
        EXPECT_EQ(server.connections, may_stay ? 1 : 2);
        EXPECT_EQ(std::count(server.lines.begin(), server.lines.end(), "XCLIENT ADDR=192.0.2.8"), 1);
        if (may_stay) continue;
        const auto quit = std::find(server.lines.begin(), server.lines.end(), "QUIT");
        EXPECT_NE(quit, server.lines.end());
    }
}

// The first server may be back: steady mail must not keep the second one for ever.
TEST_F(Relay, does_not_reuse_a_stand_in_for_long) {
    tcp::acceptor closed(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const std::uint16_t dead = closed.local_endpoint().port();
    closed.close();
    PoolLimits limits;
    std::list<Downstream> seconds;  // until the context runs no more
    for (const int milliseconds : {0, 300'000}) {
        limits.stand_in_time = std::chrono::milliseconds(milliseconds);
        Downstream& second = seconds.emplace_back(context);
        second.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 one", "250 ok",
                                  "250 ok", "354 go", "250 two"});
        second.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 two"});
        second.start();
        RelayPool pool(context.get_executor(), {{"127.0.0.1", dead}, {"127.0.0.1", second.port()}},
                       "mx.example", std::make_shared<DownstreamState>(2), limits);
        EXPECT_EQ(run_one(transact({"a@example.com"}, pool)), (Replies{"ok", "250 one"}));
        EXPECT_EQ(run_one(transact({"a@example.com"}, pool)), (Replies{"ok", "250 two"}));
        EXPECT_EQ(second.connections, milliseconds == 0 ? 2 : 1);
    }
}

// A server that does not answer is asked last, until a probe has found it well.
TEST_F(Relay, asks_servers_known_to_answer_first) {
    Downstream second(context);
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 from the first"});
    second.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 from the second"});
    downstream.start();
    second.start();
    const auto state = std::make_shared<DownstreamState>(2);
    state->spoke(1, Capabilities());
    RelayPool pool(context.get_executor(), {{"127.0.0.1", downstream.port()}, {"127.0.0.1", second.port()}},
                   "mx.example", state);
    EXPECT_EQ(run_one(transact({"a@example.com"}, pool)), (Replies{"ok", "250 from the second"}));
    RelayPool fresh(context.get_executor(), {{"127.0.0.1", downstream.port()}, {"127.0.0.1", second.port()}},
                    "mx.example", state);
    state->spoke(0, Capabilities());
    EXPECT_EQ(run_one(transact({"a@example.com"}, fresh)), (Replies{"ok", "250 from the first"}));
}

// Accepts and says nothing: the next destination has its turn while the client still waits.
TEST_F(Relay, fails_over_from_a_server_that_hangs) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 from the second"});
    downstream.start();
    tcp::acceptor hung(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    PoolLimits limits;
    limits.greeting = std::chrono::milliseconds(50);
    RelayPool pool(context.get_executor(),
                   {{"127.0.0.1", hung.local_endpoint().port()}, {"127.0.0.1", downstream.port()}},
                   "mx.example", std::make_shared<DownstreamState>(2), limits);
    EXPECT_EQ(run_one(transact({"a@example.com"}, pool)), (Replies{"ok", "250 from the second"}));
}

// 250 to a message of which the end has not been sent is no 250 to it.
TEST_F(Relay, answers_451_when_the_server_replies_before_the_end_of_the_message) {
    const std::string line(998, 'x');
    for (int i = 0; i < 2000; ++i)
        tests::run(body.append(line + "\r\n"));
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", std::string(Downstream::early)});
    const Replies replies = run({"a@example.com"});
    EXPECT_EQ(replies[0], "ok");
    EXPECT_TRUE(replies[1].starts_with("451 ")) << replies[1];
    EXPECT_TRUE(downstream.messages.empty());
}

// Told 250 at first, refused the second time: the client keeps the message.
TEST_F(Relay, answers_451_when_a_recipient_is_refused_the_second_time) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", ""});
    downstream.expect_connection({greeting, offers, "250 ok", "550 no", "250 reset"});
    const Replies replies = run({"a@example.com"});
    EXPECT_EQ(replies[0], "ok");
    EXPECT_TRUE(replies[1].starts_with("451 ")) << replies[1];
    EXPECT_TRUE(downstream.messages.empty());
}

TEST_F(Relay, does_not_lose_an_earlier_recipient_when_the_connection_is_lost_between_two) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", ""});
    downstream.expect_connection({greeting, offers, "250 ok", "550 not now", "250 ok", "250 reset"});
    const Replies replies = run({"a@example.com", "b@example.com"});
    EXPECT_EQ(replies[0], "ok");
    EXPECT_EQ(replies[1], "ok");
    EXPECT_TRUE(replies[2].starts_with("451 ")) << replies[2];
    EXPECT_TRUE(downstream.messages.empty());
}

TEST_F(Relay, defers_what_the_server_no_longer_offers) {
    downstream.expect_connection({greeting, "250 behind", "250 ok", "250 ok"});
    downstream.start();
    auto state = std::make_shared<DownstreamState>(1);
    RelayPool pool(context.get_executor(), {{"127.0.0.1", downstream.port()}}, "mx.example", state);
    SmtpDelivery delivery(pool, files);
    smtp::Envelope envelope;
    envelope.body = smtp::BodyType::eight_bit_mime;
    const auto refusal = run_one(delivery.add_recipient(envelope, path("a@example.com")));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code(), 451);
    EXPECT_FALSE(state->offered().eight_bit_mime);
}

TEST_F(Relay, fails_over_in_order) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 from the second"});
    downstream.start();
    tcp::acceptor closed(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const std::uint16_t dead = closed.local_endpoint().port();
    closed.close();
    auto state = std::make_shared<DownstreamState>(2);
    RelayPool pool(context.get_executor(), {{"127.0.0.1", dead}, {"127.0.0.1", downstream.port()}},
                   "mx.example", state);
    SmtpDelivery delivery(pool, files);
    EXPECT_FALSE(run_one(delivery.add_recipient(smtp::Envelope(), path("a@example.com"))));
    EXPECT_EQ(delivery.problem(), "") << "there was one, and it was got over";
    const OutgoingMessage message = outgoing();
    EXPECT_EQ(run_one(deliver(delivery, message))->wire(), "250 from the second\r\n");
    EXPECT_TRUE(state->is_any_reachable());
}

// Each of the servers may be the one that a message goes to.
TEST(DownstreamState, offers_what_all_servers_do) {
    Capabilities all;
    all.size = all.eight_bit_mime = all.smtputf8 = all.dsn = all.requiretls = true;
    all.max_size = 1000;
    using Offered = smtp::OfferedExtensions;
    struct Case {
        bool Capabilities::*lacking;
        bool Offered::*not_offered;
    };
    const Case cases[] = {{&Capabilities::size, &Offered::size},
                          {&Capabilities::eight_bit_mime, &Offered::eight_bit_mime},
                          {&Capabilities::smtputf8, &Offered::smtputf8},
                          {&Capabilities::dsn, &Offered::dsn},
                          {&Capabilities::requiretls, &Offered::requiretls}};
    for (const Case& one : cases) {
        DownstreamState state(2);
        state.spoke(0, all);
        state.spoke(1, all);
        EXPECT_TRUE(state.offered().*one.not_offered);
        EXPECT_EQ(state.offered().max_size, 1000U);
        Capabilities fewer = all;
        fewer.*one.lacking = false;
        state.spoke(1, fewer);
        for (const Case& other : cases)
            EXPECT_EQ(state.offered().*other.not_offered, &other != &one);
    }
}

// A server that closes while the message is on its way: why it was not written is told.
TEST_F(Relay, tells_why_a_message_could_not_be_written) {
    const std::string line = std::string(998, 'x') + "\r\n";
    for (int i = 0; i < 8'000; ++i)
        ASSERT_TRUE(tests::run(body.append(line)));
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go (and closes)"});
    downstream.start();
    RelayPool pool(context.get_executor(), {{"127.0.0.1", downstream.port()}}, "mx.example",
                   std::make_shared<DownstreamState>(1));
    SmtpDelivery delivery(pool, files);
    EXPECT_FALSE(run_one(delivery.add_recipient(smtp::Envelope(), path("a@example.com"))));
    const OutgoingMessage message = outgoing();
    EXPECT_EQ(run_one(deliver(delivery, message))->code(), 451);
    const std::string& problem = delivery.problem();
    EXPECT_TRUE(problem.find("reset") != std::string::npos ||
                problem.find("Broken pipe") != std::string::npos)
        << problem;
}

TEST_F(Relay, stores_in_a_maildir) {
    const std::filesystem::path maildir = folder.path() / "Maildir";
    ASSERT_EQ(prepare_maildir(maildir), "");
    const OutgoingMessage message = outgoing();
    MaildirDelivery delivery(maildir, "1.abc-1.mx", files);
    EXPECT_EQ(tests::run(deliver(delivery, message))->code(), 250);
    std::ifstream file(maildir / "new" / "1.abc-1.mx", std::ios::binary);
    const std::string stored{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    EXPECT_EQ(stored, "Top: 1\r\nSubject: x\r\n\r\nfirst\r\n.dot\r\n");
    EXPECT_TRUE(std::filesystem::is_empty(maildir / "tmp"));

    MaildirDelivery nowhere("/nonexistent", "1.abc-2.mx", files);
    const smtp::Reply reply = tests::run(deliver(nowhere, message)).value();
    EXPECT_EQ(reply.code(), 452);
    EXPECT_EQ(reply.text().find("/nonexistent"), std::string::npos);  // not for clients
    EXPECT_NE(nowhere.problem(), "");
}

TEST_F(Relay, leaves_nothing_of_a_message_that_cannot_be_stored) {
    const std::filesystem::path maildir = folder.path() / "Maildir";
    ASSERT_EQ(prepare_maildir(maildir), "");
    const OutgoingMessage message = outgoing();
    const auto store = [&] {
        MaildirDelivery delivery(maildir, "1.abc-1.mx", files);
        const smtp::Reply reply = tests::run(deliver(delivery, message)).value();
        EXPECT_NE(delivery.problem(), "");
        EXPECT_TRUE(std::filesystem::is_empty(maildir / "tmp"));
        return reply.code();
    };
    {
        const tests::FileSizeLimit limit(10);  // stands for the full disk
        EXPECT_EQ(store(), 452);
    }
    std::filesystem::remove(maildir / "new");
    EXPECT_EQ(store(), 452);
}

}  // namespace
}  // namespace gatepost::server::relay
