// A delivery failing at every step, in every way, at a server on its own and at the first of two, by SMTP and
// LMTP, on fresh connections and kept ones: where the client is told 250 the message is there exactly once,
// and where it is not, nothing is there, or the chance of it was counted (PRODUCT.md, "Failover is possible
// until …").
#include "tests/support/failing_server.hpp"
#include "tests/support/relay_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::relay {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using tests::dropped;
using tests::FailingServer;
using tests::Fault;
using tests::hung;
using tests::Replies;

constexpr std::string_view pipelining = "250-PIPELINING\r\n";
constexpr std::string_view lmtp_mark = "250-LMTP\r\n";
const std::string unreachable = "451 the mail system behind cannot be reached now";

struct Case {
    Fault fault;
    bool lmtp = false;
    bool kept = false;  // the connection served a transaction before
    bool two = false;   // another server, which is well
};

std::string text_of(const Case& given) {
    return given.fault.step + ": " + given.fault.reply + (given.lmtp ? " LMTP" : " SMTP") +
           (given.kept ? " kept" : " fresh") + (given.two ? " of two" : " alone");
}

const std::vector<std::string> ways{std::string(dropped),
                                    "what?",
                                    "421 4.3.2 closing",
                                    "452 4.3.1 no space",
                                    "451 4.4.2 lost",
                                    "450 4.7.1 greylisted",
                                    "450 4.1.8 no such domain",
                                    "452 4.2.2 full",
                                    "451 later",
                                    "454 4.7.0 no TLS",
                                    "503 5.5.1 order",
                                    "530 5.7.0 authenticate",
                                    "535 5.7.8 failed",
                                    "538 5.7.11 encrypt",
                                    "550 5.7.1 no",
                                    "552 5.3.4 too big",
                                    "354 what for"};

bool is_reply(const std::string& way) {
    return way[0] == '4' || way[0] == '5';
}

// PRODUCT.md's list, once more.
bool is_trouble(const Case& given) {
    const auto& [step, way] = given.fault;
    // What STARTTLS and XFORWARD are told of is of no weight, as long as it is a reply.
    if ((step == "STARTTLS" || step == "XFORWARD") && way.starts_with("354")) return false;
    if (!is_reply(way)) return true;
    if (step == "greeting" || step == "EHLO" || step == "XCLIENT" || step == "content") return true;
    const std::string code = way.substr(0, 3);
    if (code == "421") return true;
    if (step == "STARTTLS" || step == "XFORWARD") return false;
    for (const auto* session : {"454", "503", "530", "535", "538"})
        if (code == session) return true;
    return step == "MAIL" && (way.starts_with("452 4.3.") || way.starts_with("451 4.4."));
}

std::string told(const std::string& reply) {
    const std::string code = reply.substr(0, 4);
    std::string text = reply.substr(4);
    if (text.size() > 6 && text[1] == '.') text = text.substr(text.find(' ') + 1);
    return code + text;
}

// What the client is told, for two recipients.
Replies expected(const Case& given) {
    const auto& [step, way] = given.fault;
    const std::string good = "250 taken";
    if (step == "dot") return {"ok", "ok", is_trouble(given) ? unreachable : told(way)};
    if (is_trouble(given)) {
        if (given.two) return {"ok", "ok", good};
        if (step == "DATA" || step == "content") return {"ok", "ok", unreachable};
        if (step == "RCPT 2") return {"ok", unreachable, good};  // asked again for the first one alone
        return {unreachable, unreachable};
    }
    if (step == "MAIL") return {told(way), told(way)};
    if (step == "RCPT") return {told(way), "ok", good};
    if (step == "RCPT 2") return {"ok", told(way), good};
    if (step == "DATA") return {"ok", "ok", told(way)};
    return {"ok", "ok", good};  // of no weight: STARTTLS refused, XFORWARD refused
}

bool is_before_mail(std::string_view step) {
    return step == "connect" || step == "greeting" || step == "EHLO" || step == "STARTTLS";
}

class Failover : public tests::RelayFixture {
  protected:
    struct Run {
        std::list<FailingServer> servers;
        std::shared_ptr<DownstreamState> state;
        std::unique_ptr<RelayPool> pool;
        Replies replies;
        bool done = false;
    };

    void make(Run& run, const Case& given, const PoolLimits& limits) {
        std::vector<config::ServerDestination> destinations;
        const std::string usual = std::string(pipelining) + std::string(given.lmtp ? lmtp_mark : "");
        for (int i = 0; i < (given.two ? 2 : 1); ++i) {
            std::string extensions = usual;
            for (const auto* step : {"XFORWARD", "XCLIENT"})
                if (given.fault.step == step && i == 0) extensions += "250-" + given.fault.step + " ADDR\r\n";
            if (given.fault.step == "STARTTLS" && i == 0) extensions += "250-STARTTLS\r\n";
            FailingServer& server = run.servers.emplace_back(context, extensions);
            destinations.push_back({"127.0.0.1", server.port(), given.lmtp});
        }
        PoolTls tls;
        tls.security = [&] {
            return Security{config::RelayTls::opportunistic, nullptr};
        };
        run.state = std::make_shared<DownstreamState>(destinations.size());
        // Both are known to answer; what fails is found out by the transaction.
        for (std::size_t i = 0; i < destinations.size(); ++i)
            run.state->spoke(i, Capabilities());
        run.pool = std::make_unique<RelayPool>(context.get_executor(), std::move(destinations), "mx.example",
                                               run.state, limits, tls);
    }

    asio::awaitable<bool> play(Run& run, const Case& given) {
        // The same mailbox twice, as LMTP takes no other.
        std::vector<std::string> recipients{"a@example.com", given.lmtp ? "a@example.com" : "b@example.com"};
        if (given.kept) {
            const Replies before = co_await transact(recipients, *run.pool);
            EXPECT_EQ(before.back(), "250 taken");
            run.servers.front().messages.clear();
        }
        run.servers.front().fault = given.fault;
        if (given.fault.step == "connect") run.servers.front().close();
        run.replies = co_await transact(recipients, *run.pool);
        run.done = true;
        co_return true;
    }

    // A recipient for each fault, which the first server has then.
    asio::awaitable<bool> answer_each(Run& run, std::array<Fault, 3> faults) {
        SmtpDelivery delivery(*run.pool, files, client);
        const smtp::Envelope envelope;
        for (const Fault& fault : faults) {
            run.servers.front().fault = fault;
            smtp::Path to = path("a@example.com");
            const std::optional<smtp::Reply> refusal =
                co_await delivery.add_recipient(envelope, std::move(to));
            run.replies.push_back(refusal ? std::to_string(refusal->code()) + ' ' + refusal->text() : "ok");
        }
        co_await delivery.abandon();
        co_return true;
    }

    void check(const Run& run, const Case& given) {
        SCOPED_TRACE(text_of(given));
        EXPECT_TRUE(run.done);
        EXPECT_EQ(run.replies, expected(given));
        const std::string last = run.replies.empty() ? "" : run.replies.back();
        int whole = 0;
        int perhaps = 0;
        for (const FailingServer& server : run.servers)
            for (const FailingServer::Message& message : server.messages) {
                whole += message.taken ? 1 : 0;
                perhaps += message.answered ? 0 : 1;
                // Never in part, in neither sense.
                EXPECT_EQ(message.recipients,
                          static_cast<int>(std::count(run.replies.begin(), run.replies.end(), "ok")));
                EXPECT_EQ(message.octets, octets);
            }
        const auto counts = run.state->counts(std::chrono::steady_clock::now());
        const auto counted = [&](DownstreamEvent event) {
            return counts.events[static_cast<std::size_t>(event)];
        };
        EXPECT_EQ(whole, last.starts_with("250") ? 1 : 0);
        EXPECT_EQ(counted(DownstreamEvent::unanswered), static_cast<std::uint64_t>(perhaps));
        EXPECT_LE(whole + perhaps, 1);
        const bool went_on = is_trouble(given) && given.two && given.fault.step != "dot";
        EXPECT_EQ(counted(DownstreamEvent::failover), went_on ? 1U : 0U);
        // A server alone that took the first recipient's message in the end is well again.
        const bool well = !is_trouble(given) || (given.fault.step == "RCPT 2" && !given.two);
        if (!well && !is_before_mail(given.fault.step)) {
            EXPECT_GT(run.state->standing(0).in_trouble, std::chrono::steady_clock::now());
        }
        EXPECT_EQ(counts.servers[0].trouble.empty(), well);
    }

    void run_case(const Case& given) {
        Run run;
        make(run, given, PoolLimits());
        client.reset();
        if (given.fault.step.starts_with("X"))
            client = ForwardedClient{*dns::IpAddress::parse("192.0.2.7"), "client.example", true, "1f-2"};
        run_one(play(run, given));
        check(run, given);
        run.pool.reset();
        context.restart();
        context.poll();
    }

    std::size_t octets = std::string_view("Top: 1\r\nSubject: x\r\n\r\nfirst\r\n..dot").size();
};

const std::array steps{"greeting", "EHLO", "STARTTLS", "XFORWARD", "XCLIENT",
                       "MAIL",     "RCPT", "RCPT 2",   "DATA",     "dot"};

TEST_F(Failover, at_every_step_in_every_way) {
    for (const std::string step : steps)
        for (const std::string& way : ways) {
            if (way.starts_with("354") && (step == "DATA" || step == "EHLO")) continue;
            for (const bool lmtp : {false, true})
                for (const bool kept : {false, true})
                    for (const bool two : {false, true}) {
                        if (kept && (is_before_mail(step) || step == "XCLIENT")) continue;
                        run_case({{step, way}, lmtp, kept, two});
                        if (HasFatalFailure()) return;
                    }
        }
}

TEST_F(Failover, where_nobody_listens) {
    for (const bool lmtp : {false, true})
        for (const bool two : {false, true})
            run_case({{"connect", std::string(dropped)}, lmtp, false, two});
}

// In the midst of a message that is larger than what the kernel takes.
TEST_F(Failover, inside_the_message) {
    const std::string line(998, 'x');
    constexpr int lines = 6000;
    for (int i = 0; i < lines; ++i)
        tests::run(body.append(line + "\r\n"));
    octets += 2 + lines * (line.size() + 2) - 2;
    for (const std::string& way :
         {std::string(dropped), std::string("what?"), std::string("421 4.3.2 closing"),
          std::string("250 too early"), std::string("552 5.3.4 too big")})
        for (const bool kept : {false, true})
            for (const bool two : {false, true})
                run_case({{"content", way}, false, kept, two});
}

// All at the same time, as each waits for the clock.
TEST_F(Failover, by_silence) {
    PoolLimits limits;
    limits.greeting = 600ms;
    limits.times.recipient = 1500ms;
    limits.times.message = 2000ms;
    limits.times.final_reply = 700ms;
    limits.times.next_waits = 600ms;
    client = ForwardedClient{*dns::IpAddress::parse("192.0.2.7"), "client.example", true, "1f-2"};
    std::list<std::pair<Run, Case>> runs;
    for (const std::string step : steps)
        for (const bool lmtp : {false, true})
            for (const bool two : {false, true})
                runs.emplace_back(Run(), Case{{step, std::string(hung)}, lmtp, false, two});
    std::size_t left = runs.size();
    const auto ended = [&](std::exception_ptr failure, bool) {
        EXPECT_FALSE(failure);
        if (--left == 0) context.stop();
    };
    const auto begin = std::chrono::steady_clock::now();
    for (auto& [run, given] : runs) {
        make(run, given, limits);
        asio::co_spawn(context, play(run, given), ended);
    }
    context.run();
    // Each of two recipients and the message at most: the client does not give up.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    for (auto& [run, given] : runs)
        check(run, given);
}

TEST_F(Failover, by_silence_inside_the_message) {
    PoolLimits limits;
    limits.times.message = 3000ms;
    limits.times.final_reply = 1500ms;
    limits.times.next_waits = 700ms;
    const std::string line(998, 'x');
    constexpr int lines = 8000;
    for (int i = 0; i < lines; ++i)
        tests::run(body.append(line + "\r\n"));
    octets += 2 + lines * (line.size() + 2) - 2;
    const Case given{{"content", std::string(hung)}, false, false, true};
    Run run;
    make(run, given, limits);
    run_one(play(run, given));
    check(run, given);
}

// The server has the message: a 451 would make a second copy of it.
TEST_F(Failover, keeps_the_final_reply_whatever_comes_behind_it) {
    for (const auto* behind :
         {"421 4.3.2 shutting down", "what?", "250-2.0.0 half a reply", "250 2.0.0 once more"})
        for (const bool lmtp : {false, true}) {
            SCOPED_TRACE(std::string(behind) + (lmtp ? " LMTP" : " SMTP"));
            Run run;
            const Case given{{}, lmtp, false, true};
            make(run, given, PoolLimits());
            FailingServer& server = run.servers.front();
            server.behind_final = behind;
            run_one(play(run, given));
            EXPECT_EQ(run.replies, (Replies{"ok", "ok", "250 taken"}));
            EXPECT_EQ(server.messages.size(), 1U);
            const auto counts = run.state->counts(std::chrono::steady_clock::now());
            EXPECT_EQ(counts.events[static_cast<std::size_t>(DownstreamEvent::unanswered)], 0U);
            EXPECT_EQ(counts.servers[0].trouble, "");
            // The connection is of no further use, and the server is.
            server.behind_final.clear();
            EXPECT_EQ(run_one(transact({"a@example.com"}, *run.pool)), (Replies{"ok", "250 taken"}));
            EXPECT_EQ(server.connections, 2);
            EXPECT_EQ(server.messages.size(), 2U);
            EXPECT_TRUE(run.servers.back().messages.empty());
        }
}

// Case no-failover: one that was told 250 is refused by the next server: nothing is delivered in part.
TEST_F(Failover, refuses_all_where_the_next_server_refuses_one) {
    for (const auto* reply : {"550 5.1.1 nobody", "450 4.2.0 later"}) {
        Run run;
        const Case given{{"RCPT 2", "421 4.3.2 closing"}, false, false, true};
        make(run, given, PoolLimits());
        run.servers.back().fault = {"RCPT", reply};
        run_one(play(run, given));
        ASSERT_EQ(run.replies.size(), 3U);
        EXPECT_EQ(run.replies[2], "451 the mail system behind refuses now what it took before");
        for (const FailingServer& server : run.servers)
            EXPECT_TRUE(server.messages.empty());
    }
}

// The place of a recipient among the replies is another at the next server, where one was refused at the
// first.
TEST_F(Failover, tells_each_recipient_its_own_reply) {
    Run run;
    make(run, {{}, false, false, true}, PoolLimits());
    run.servers.back().fault = {"RCPT 2", "550 5.1.1 nobody here"};
    const std::array<Fault, 3> at_first{{{"RCPT", "550 5.1.1 nobody"}, {}, {"RCPT", "421 4.3.2 closing"}}};
    run_one(answer_each(run, at_first));
    EXPECT_EQ(run.replies, (Replies{"550 nobody", "ok", "550 nobody here"}));
}

// The next server refuses MAIL: the recipients that were answered 250 are refused with it, so nobody is
// refused for good.
TEST_F(Failover, defers_where_the_next_server_refuses_the_sender) {
    const std::string changed = "451 the mail system behind refuses now what it took before";
    for (const auto* reply : {"550 5.7.1 not you", "450 4.7.1 greylisted"})
        for (const bool lmtp : {false, true}) {
            SCOPED_TRACE(std::string(reply) + (lmtp ? " LMTP" : " SMTP"));
            Run run;
            const Case given{{"RCPT 2", "421 4.3.2 closing"}, lmtp, false, true};
            make(run, given, PoolLimits());
            run.servers.front().fault = given.fault;
            run.servers.back().fault = {"MAIL", reply};
            const std::vector<std::string> recipients(3, "a@example.com");
            EXPECT_EQ(run_one(transact(recipients, *run.pool)), (Replies{"ok", changed, changed, changed}));
            for (const FailingServer& server : run.servers)
                EXPECT_TRUE(server.messages.empty());
        }
}

// What the first server said of itself is not passed on where the second one refuses the mail.
TEST_F(Failover, passes_on_what_the_next_server_says) {
    Run run;
    const Case given{{"MAIL", "530 5.7.0 authenticate"}, false, false, true};
    make(run, given, PoolLimits());
    run.servers.back().fault = {"MAIL", "450 4.7.1 greylisted"};
    run_one(play(run, given));
    EXPECT_EQ(run.replies, (Replies{"450 greylisted", "450 greylisted"}));
}

// Its replies would be taken for those to the commands that come next.
TEST_F(Failover, drops_a_kept_connection_on_which_something_waits) {
    for (const auto* unasked : {"250 2.0.0 stale\r\n", "what?\r\n", "421 4.3.2 closing\r\n", "25"})
        for (const bool lmtp : {false, true}) {
            SCOPED_TRACE(std::string(unasked) + (lmtp ? " LMTP" : " SMTP"));
            Run run;
            make(run, Case{{}, lmtp, false, true}, PoolLimits());
            FailingServer& server = run.servers.front();
            EXPECT_EQ(run_one(transact({"a@example.com"}, *run.pool)), (Replies{"ok", "250 taken"}));
            server.say_unasked(unasked);
            EXPECT_EQ(run_one(transact({"b@example.com"}, *run.pool)), (Replies{"ok", "250 taken"}));
            EXPECT_EQ(server.connections, 2);
            EXPECT_EQ(server.messages.size(), 2U);
            EXPECT_EQ(std::count(server.lines.begin(), server.lines.end(), "MAIL FROM:<>"), 2);
            EXPECT_EQ(run.state->counts(std::chrono::steady_clock::now()).servers[0].trouble, "");
        }
}

TEST_F(Failover, asks_one_in_trouble_no_more_for_a_while) {
    Run run;
    const Case given{{"MAIL", "421 4.3.2 closing"}, false, false, true};
    make(run, given, PoolLimits());
    run_one(play(run, given));
    EXPECT_EQ(run.replies.back(), "250 taken");
    EXPECT_EQ(run.servers.front().connections, 1);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(run_one(transact({"a@example.com"}, *run.pool)).back(), "250 taken");
    EXPECT_EQ(run.servers.front().connections, 1);
    EXPECT_EQ(run.servers.back().connections, 1);
    EXPECT_FALSE(run.state->counts(std::chrono::steady_clock::now()).servers[0].trouble.empty());
    EXPECT_TRUE(run.state->counts(std::chrono::steady_clock::now() + 1h).servers[0].trouble.empty());
    // Where the other one fails, too, it is asked, and is well again.
    run.servers.back().fault = {"MAIL", "421 4.3.2 closing"};
    run.servers.front().fault = {};
    EXPECT_EQ(run_one(transact({"a@example.com"}, *run.pool)).back(), "250 taken");
    EXPECT_TRUE(run.state->counts(std::chrono::steady_clock::now()).servers[0].trouble.empty());
    EXPECT_FALSE(run.state->counts(std::chrono::steady_clock::now()).servers[1].trouble.empty());
}

// Its words hold ids and addresses: each would begin trouble anew, and stand in /readyz.
TEST_F(Failover, tells_of_trouble_without_the_words_of_the_server) {
    struct Told {
        Fault fault;
        std::string trouble;
    };
    for (const auto& [fault, trouble] :
         {Told{{"greeting", "554 5.7.1"}, "refused the connection: 554 5.7.1"},
          Told{{"EHLO", "421 4.3.2"}, "is closing down: 421 4.3.2"},
          Told{{"MAIL", "451 4.3.0"}, "451 4.3.0 to MAIL"}, Told{{"MAIL", "421"}, "is closing down: 421"},
          Told{{"RCPT", "454 4.7.0"}, "454 4.7.0 to RCPT"}, Told{{"DATA", "503 5.5.1"}, "503 5.5.1 to DATA"},
          Told{{"dot", "530 5.7.0"}, "530 5.7.0 to the message"}}) {
        SCOPED_TRACE(fault.step + ": " + fault.reply);
        Run run;
        make(run, Case(), PoolLimits());
        Replies told;
        run.state->on_trouble = [&](std::string_view, std::string_view problem) {
            if (!problem.empty()) told.emplace_back(problem);
        };
        for (int i = 1; i <= 3; ++i) {
            const std::string words = " no 192.0.2." + std::to_string(i);
            run.servers.front().fault = {fault.step, fault.reply + words};
            SmtpDelivery delivery(*run.pool, files);
            const auto refusal = run_one(delivery.add_recipient(smtp::Envelope(), path("a@example.com")));
            const server::OutgoingMessage message = outgoing();
            const auto reply = refusal ? refusal : run_one(deliver(delivery, message));
            EXPECT_EQ(reply->code(), 451);
            EXPECT_NE(delivery.problem().find(words), std::string::npos) << delivery.problem();
        }
        ASSERT_EQ(told.size(), 1U) << told.back();
        EXPECT_TRUE(told[0].ends_with(trouble)) << told[0];
        const auto counts = run.state->counts(std::chrono::steady_clock::now());
        EXPECT_EQ(counts.servers[0].trouble, told[0]);
    }
}

// A server that lacks what the message needs is passed over; where none is left: 451.
TEST_F(Failover, passes_over_a_server_that_lacks_an_extension) {
    for (const bool second_has_it : {true, false}) {
        std::list<FailingServer> servers;
        servers.emplace_back(context, std::string(pipelining));
        servers.emplace_back(context, second_has_it ? "250-8BITMIME\r\n" : "");
        auto state = std::make_shared<DownstreamState>(2);
        RelayPool pool(context.get_executor(),
                       {{"127.0.0.1", servers.front().port()}, {"127.0.0.1", servers.back().port()}},
                       "mx.example", state);
        SmtpDelivery delivery(pool, files);
        smtp::Envelope envelope;
        envelope.body = smtp::BodyType::eight_bit_mime;
        const auto refusal = run_one(delivery.add_recipient(envelope, path("a@example.com")));
        EXPECT_EQ(refusal.has_value(), !second_has_it);
        if (refusal) {
            EXPECT_EQ(refusal->wire(), "451 4.3.3 the mail system behind does not offer 8BITMIME now\r\n");
        }
        EXPECT_LT(state->standing(0).in_trouble, std::chrono::steady_clock::now());
    }
}

}  // namespace
}  // namespace gatepost::server::relay
