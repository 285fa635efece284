// Delivery by LMTP (RFC 2033), over TCP and a UNIX socket: one mailbox a transaction, and one outcome.
#include "tests/support/relay_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <list>

namespace gatepost::server::relay {
namespace {

namespace asio = boost::asio;
using tests::Downstream;
using tests::greeting;
using tests::offers;
using tests::Replies;

class LmtpRelay : public tests::RelayFixture {
  protected:
    config::ServerDestination over_tcp() const { return {"127.0.0.1", downstream.port(), true}; }
    config::ServerDestination over_socket() {
        config::ServerDestination to;
        to.socket = folder.path() / "lmtp";
        to.lmtp = true;
        downstream.listen_at(to.socket);
        return to;
    }
    Replies run(std::vector<config::ServerDestination> to, std::vector<std::string> recipients) {
        downstream.start();
        auto state = std::make_shared<DownstreamState>(to.size());
        RelayPool pool(context.get_executor(), std::move(to), "mx.example", state);
        return run_one(transact(std::move(recipients), pool));
    }
    // The final reply where the mailbox is named `times` times, and the server says this at the end.
    std::string final_reply(std::size_t times, std::vector<std::string> said) {
        Downstream& server = servers.emplace_back(context);
        std::deque<std::string> answers = {greeting, offers, "250 ok"};
        answers.insert(answers.end(), times, "250 ok");
        answers.emplace_back("354 go");
        std::string together;
        for (const std::string& reply : said)
            together += (together.empty() ? "" : "\r\n") + reply;
        answers.push_back(together + std::string(Downstream::closing));
        server.expect_connection(std::move(answers));
        server.start();
        RelayPool pool(context.get_executor(), {{"127.0.0.1", server.port(), true}}, "mx.example",
                       std::make_shared<DownstreamState>(1));
        const Replies replies = run_one(transact(Replies(times, "a@example.com"), pool));
        return replies.back();
    }

    std::list<Downstream> servers;  // until the context runs no more
};

TEST_F(LmtpRelay, hands_the_message_over) {
    for (const bool over_tcp_first : {true, false}) {
        const config::ServerDestination to = over_tcp_first ? over_tcp() : over_socket();
        downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 2.0.0 saved"});
        EXPECT_EQ(run({to}, {"a@example.com"}), (Replies{"ok", "250 saved"}));
        EXPECT_EQ(downstream.lines.at(over_tcp_first ? 0 : 4), "LHLO mx.example");
        EXPECT_EQ(downstream.messages.back(), "Top: 1\r\nSubject: x\r\n\r\nfirst\r\n..dot");
    }
    EXPECT_EQ(downstream.connections, 2);
}

// PRODUCT.md: "each LMTP recipient its own". The server is not asked for the second one at all.
TEST_F(LmtpRelay, keeps_other_recipients_apart) {
    downstream.expect_connection(
        {greeting, offers, "250 ok", "550 5.1.1 nobody here", "250 ok", "354 go", "250 saved"});
    EXPECT_EQ(run({over_tcp()}, {"nobody@example.com", "a@example.com", "b@example.com", "A@example.com"}),
              (Replies{"550 nobody here", "ok", "apart", "apart", "250 saved"}));
    EXPECT_EQ(downstream.lines.size(), 5U);
}

// RFC 2033 §4.2: a reply for each naming. A domain compares without case, a local part with it.
TEST_F(LmtpRelay, takes_one_mailbox_several_times) {
    downstream.expect_connection(
        {greeting, offers, "250 ok", "250 ok", "250 ok", "354 go", "250 one\r\n250 two"});
    EXPECT_EQ(run({over_tcp()}, {"a@example.com", "a@EXAMPLE.com", "b@example.com"}),
              (Replies{"ok", "ok", "apart", "250 one"}));
    EXPECT_EQ(downstream.lines[3], "RCPT TO:<a@EXAMPLE.com>");
}

TEST_F(LmtpRelay, tells_one_outcome) {
    const std::string unreachable = "451 the mail system behind cannot be reached now";
    struct Case {
        std::size_t times;
        std::vector<std::string> said;
        std::string told;
    };
    for (const auto& [times, said, told] : std::vector<Case>{
             {1, {"250 saved"}, "250 saved"},
             {1, {"552 5.2.2 full"}, "552 full"},
             {1, {"452 4.2.2 full for now"}, "452 full for now"},
             {1, {"421 4.3.2 stopping"}, unreachable},
             {1, {"354 go"}, unreachable},
             // The mailbox has it, as often as it said so.
             {2, {"250 one", "552 5.2.2 full"}, "250 one"},
             {2, {"552 5.2.2 full", "250 two"}, "250 two"},
             {2, {"250 one", "421 4.3.2 stopping"}, "250 one"},
             {2, {"550 5.1.1 no", "451 4.2.0 later"}, "451 later"},
             {3, {"550 5.1.1 no", "551 5.1.1 no", "552 5.2.2 no"}, "550 no"},
             // Replies that are missing: nobody knows where the message is.
             {2, {"250 one"}, unreachable},
             {2, {"550 5.1.1 no"}, unreachable},
             {2, {"250 one", "what?"}, unreachable},
         }) {
        SCOPED_TRACE(told + " of " + std::to_string(said.size()));
        EXPECT_EQ(final_reply(times, said), told);
    }
}

TEST_F(LmtpRelay, does_not_take_smtp_for_lmtp) {
    downstream.expect_connection({"220 smtp", "500 5.5.2 what?"});
    const Replies replies = run({over_tcp()}, {"a@example.com"});
    EXPECT_TRUE(replies.at(0).starts_with("451 ")) << replies[0];
    EXPECT_EQ(downstream.lines, Replies{"LHLO mx.example"});
}

TEST_F(LmtpRelay, fails_over_between_the_protocols) {
    config::ServerDestination missing;
    missing.socket = folder.path() / "missing";
    missing.lmtp = true;
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "250 ok", "354 go", "250 by SMTP"});
    EXPECT_EQ(run({missing, {"127.0.0.1", downstream.port()}}, {"a@example.com", "b@example.com"}),
              (Replies{"ok", "ok", "250 by SMTP"}));
    EXPECT_EQ(downstream.lines[0], "EHLO mx.example");
}

// Two were taken by SMTP; then that server goes, and the one that stands in would answer for each.
TEST_F(LmtpRelay, defers_several_recipients_that_only_lmtp_would_take) {
    downstream.expect_connection({greeting, offers, "250 ok", "250 ok", "250 ok", ""});
    Downstream second(context);
    second.expect_connection({greeting, offers, "250 ok", "250 ok", "354 go", "250 saved"});
    second.start();
    EXPECT_EQ(run({{"127.0.0.1", downstream.port()}, {"127.0.0.1", second.port(), true}},
                  {"a@example.com", "b@example.com"}),
              (Replies{"ok", "ok", "451 the mail system behind takes one recipient at a time now"}));
    EXPECT_TRUE(second.messages.empty());
}

TEST_F(LmtpRelay, answers_451_where_nobody_listens_at_the_socket) {
    config::ServerDestination missing;
    missing.socket = folder.path() / "missing";
    missing.lmtp = true;
    RelayPool pool(context.get_executor(), {missing}, "mx.example", std::make_shared<DownstreamState>(1));
    SmtpDelivery delivery(pool, files);
    const auto refusal = run_one(delivery.add_recipient(smtp::Envelope(), path("a@example.com")));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code(), 451);
    EXPECT_EQ(refusal->text().find(folder.path().string()), std::string::npos);  // not for clients
    EXPECT_EQ(delivery.problem(), missing.text() + ": No such file or directory");
}

// unix(7): connect() fails at once where the backlog is full; it is tried again, as TCP would.
TEST_F(LmtpRelay, waits_for_room_at_the_socket) {
    const auto path_of_socket = folder.path() / "busy";
    asio::local::stream_protocol::acceptor busy(context);
    busy.open();
    busy.bind(asio::local::stream_protocol::endpoint(path_of_socket.string()));
    busy.listen(0);
    std::vector<asio::local::stream_protocol::socket> before;
    boost::system::error_code full;
    while (!full) {
        before.emplace_back(context);
        before.back().open();
        before.back().native_non_blocking(true);
        const auto endpoint = busy.local_endpoint();
        if (::connect(before.back().native_handle(), endpoint.data(),
                      static_cast<socklen_t>(endpoint.size())) != 0)
            full = {errno, boost::system::system_category()};
    }
    asio::steady_timer soon(context, std::chrono::milliseconds(60));
    soon.async_wait([&](boost::system::error_code) { busy.accept(); });
    boost::system::error_code error;
    const auto connect = [&]() -> asio::awaitable<bool> {
        const auto stream = co_await Stream::connect_local(context.get_executor(), path_of_socket.string(),
                                                           std::chrono::milliseconds(5000), error);
        co_return stream != nullptr;
    };
    EXPECT_TRUE(gatepost::tests::run(context, connect())) << error.message();

    const auto in_vain = [&]() -> asio::awaitable<bool> {
        const auto stream = co_await Stream::connect_local(context.get_executor(), path_of_socket.string(),
                                                           std::chrono::milliseconds(50), error);
        co_return stream != nullptr;
    };
    EXPECT_FALSE(gatepost::tests::run(context, in_vain()));
    EXPECT_EQ(error, asio::error::timed_out);
}

}  // namespace
}  // namespace gatepost::server::relay
