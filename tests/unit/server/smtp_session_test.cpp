// The session as a state machine: every state with every verb, and every event where it is not awaited.
#include "tests/support/smtp_driver.hpp"

#include "server/smtp/command_table.hpp"
#include "server/smtp/session.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::smtp {
namespace {

using tests::smtp_options;
using tests::SmtpDriver;

// What can be told apart from outside, and how to come there.
struct Start {
    std::string_view name;
    std::string_view input;
};
constexpr Start starts[] = {
    {"new", ""},
    {"hello", "EHLO client.example\r\n"},
    {"mail", "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n"},
    {"refused", "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<x@elsewhere.example>\r\n"},
    {"rcpt", "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<r@relay.example>\r\n"},
    {"chunks",
     "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<r@relay.example>\r\n"
     "BDAT 3\r\na\r\n"},
    {"failed",
     "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<r@relay.example>\r\n"
     "BDAT 3\r\na\n\n"},
};

std::string state_of(const SmtpDriver& driver) {
    if (driver.is_closed()) return "closed";
    if (driver.awaits_handshake()) return "handshake";
    const auto& session = driver.session();
    if (session.helo().empty()) return "new";
    if (!session.envelope()) return "hello";
    if (!session.is_idle() && !session.envelope()->recipients.empty()) return "rcpt";
    return "mail";
}

struct Expectation {
    int code;
    std::string_view next;
};

// One row a command line, with the octets behind it; one column a start: new, hello, mail, refused, rcpt,
// chunks, failed. "chunks" and "failed" cannot be told from "rcpt" by what state_of() sees.
struct Row {
    std::string_view line;
    Expectation in[std::size(starts)];
};

constexpr Expectation to_hello{250, "hello"};
constexpr Expectation to_closed{421, "closed"};

constexpr Row rows[] = {
    {"EHLO c", {to_hello, to_hello, to_hello, to_hello, to_hello, to_hello, to_hello}},
    {"HELO c", {to_hello, to_hello, to_hello, to_hello, to_hello, to_hello, to_hello}},
    {"MAIL FROM:<>",
     {{503, "new"},
      {250, "mail"},
      {503, "mail"},
      {503, "mail"},
      {503, "rcpt"},
      {503, "rcpt"},
      {503, "rcpt"}}},
    {"RCPT TO:<r@relay.example>",
     {{503, "new"},
      {503, "hello"},
      {250, "rcpt"},
      {250, "rcpt"},
      {250, "rcpt"},
      {503, "rcpt"},
      {503, "rcpt"}}},
    {"DATA",
     {{503, "new"},
      {503, "hello"},
      {503, "mail"},
      {554, "mail"},
      {354, "rcpt"},
      {503, "rcpt"},
      {503, "rcpt"}}},
    {"BDAT 6\r\nQUIT\r\n",
     {{503, "new"},
      {503, "hello"},
      {503, "mail"},
      {554, "mail"},
      {250, "rcpt"},
      {250, "rcpt"},
      {503, "rcpt"}}},
    {"BDAT 6 LAST\r\nQUIT\r\n",
     {{503, "new"}, {503, "hello"}, {503, "hello"}, {554, "hello"}, to_hello, to_hello, {503, "hello"}}},
    {"BDAT 6 FIRST\r\nQUIT\r\n",
     {{503, "new"},
      {503, "hello"},
      {501, "mail"},
      {501, "mail"},
      {501, "rcpt"},
      {501, "rcpt"},
      {503, "rcpt"}}},
    {"BDAT six",
     {{501, "closed"},
      {501, "closed"},
      {501, "closed"},
      {501, "closed"},
      {501, "closed"},
      {501, "closed"},
      {501, "closed"}}},
    {"BDAT 99999999999",
     {{552, "closed"},
      {552, "closed"},
      {552, "closed"},
      {552, "closed"},
      {552, "closed"},
      {552, "closed"},
      {552, "closed"}}},
    {"RSET", {{250, "new"}, to_hello, to_hello, to_hello, to_hello, to_hello, to_hello}},
    {"NOOP",
     {{250, "new"}, to_hello, {250, "mail"}, {250, "mail"}, {250, "rcpt"}, {250, "rcpt"}, {250, "rcpt"}}},
    {"VRFY x",
     {{252, "new"},
      {252, "hello"},
      {252, "mail"},
      {252, "mail"},
      {252, "rcpt"},
      {252, "rcpt"},
      {252, "rcpt"}}},
    {"EXPN x",
     {{502, "new"},
      {502, "hello"},
      {502, "mail"},
      {502, "mail"},
      {502, "rcpt"},
      {502, "rcpt"},
      {502, "rcpt"}}},
    {"HELP",
     {{214, "new"},
      {214, "hello"},
      {214, "mail"},
      {214, "mail"},
      {214, "rcpt"},
      {214, "rcpt"},
      {214, "rcpt"}}},
    {"QUIT",
     {{221, "closed"},
      {221, "closed"},
      {221, "closed"},
      {221, "closed"},
      {221, "closed"},
      {221, "closed"},
      {221, "closed"}}},
    {"STARTTLS",
     {{503, "new"},
      {220, "handshake"},
      {503, "mail"},
      {503, "mail"},
      {503, "rcpt"},
      {503, "rcpt"},
      {503, "rcpt"}}},
    {"XCLIENT ADDR=192.0.2.1",
     {{550, "new"},
      {550, "hello"},
      {550, "mail"},
      {550, "mail"},
      {550, "rcpt"},
      {550, "rcpt"},
      {550, "rcpt"}}},
    {"AUTH PLAIN",
     {{502, "new"},
      {502, "hello"},
      {502, "mail"},
      {502, "mail"},
      {502, "rcpt"},
      {502, "rcpt"},
      {502, "rcpt"}}},
    {"GET / HTTP/1.1", {to_closed, to_closed, to_closed, to_closed, to_closed, to_closed, to_closed}},
    {"XYZZY",
     {{500, "new"},
      {500, "hello"},
      {500, "mail"},
      {500, "mail"},
      {500, "rcpt"},
      {500, "rcpt"},
      {500, "rcpt"}}},
};

TEST(SmtpSession, EveryStateWithEveryVerb) {
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < std::size(starts); ++i) {
            SCOPED_TRACE(std::string(row.line) + " in " + std::string(starts[i].name));
            SmtpDriver driver;
            driver.greet();
            driver.feed(starts[i].input);
            driver.take_output();
            const bool has_octets = row.line.ends_with("\r\n");
            driver.feed(std::string(row.line) + (has_octets ? "" : "\r\n"));
            const auto output = driver.take_output();
            EXPECT_EQ(output.substr(0, 3), std::to_string(row.in[i].code)) << output;
            EXPECT_EQ(state_of(driver), row.in[i].next);
        }
    }
}

// The table above leaves out no verb.
TEST(SmtpSession, TheTableIsWhole) {
    for (const auto& rule : command_table()) {
        bool found = false;
        for (const auto& row : rows)
            found = found || parse_command(row.line.substr(0, row.line.find('\r'))).verb == rule.verb;
        EXPECT_TRUE(found) << rule.keyword;
    }
}

// A session brought to the state that awaits one kind of event.
Session session_after(const std::vector<std::string_view>& steps) {
    Session session(std::make_shared<const SessionOptions>(smtp_options()), {});
    for (const auto step : steps) {
        if (step == "greet")
            session.greet();
        else if (step == "sender ok")
            session.on_sender_checked(std::nullopt);
        else if (step == "recipient ok")
            session.on_recipient_checked(std::nullopt);
        else
            session.on_line(step);
    }
    return session;
}

TEST(SmtpSession, EventsThatAreNotAwaitedAreBugs) {
    const std::vector<std::vector<std::string_view>> states = {
        {},
        {"greet"},
        {"greet", "EHLO c", "MAIL FROM:<>"},
        {"greet", "EHLO c", "MAIL FROM:<>", "sender ok", "RCPT TO:<r@relay.example>"},
        {"greet", "EHLO c", "MAIL FROM:<>", "sender ok", "RCPT TO:<r@relay.example>", "recipient ok", "DATA"},
        {"greet", "EHLO c", "BDAT 3"},
        {"greet", "EHLO c", "STARTTLS"},
        {"greet", "QUIT"},
    };
    // The n-th group of events belongs to the n-th state; none to the last.
    const std::vector<std::vector<std::function<void(Session&)>>> events = {
        {[](Session& s) {
            s.greet();
        }},
        {[](Session& s) { s.on_line("NOOP"); }, [](Session& s) { s.on_line_too_long("NOOP"); },
         [](Session& s) {
             s.on_bad_line(LineFault::nul, "NOOP");
         }},
        {[](Session& s) {
            s.on_sender_checked(std::nullopt);
        }},
        {[](Session& s) {
            s.on_recipient_checked(std::nullopt);
        }},
        {[](Session& s) {
            s.on_message_done(Reply(250, "2.6.0", "ok"));
        }},
        {[](Session& s) {
            s.on_chunk_done(std::nullopt);
        }},
        {[](Session& s) {
            s.on_tls_established();
        }},
    };
    for (std::size_t state = 0; state < states.size(); ++state) {
        for (std::size_t owner = 0; owner < events.size(); ++owner) {
            for (const auto& event : events[owner]) {
                SCOPED_TRACE("event of state " + std::to_string(owner) + " in state " +
                             std::to_string(state));
                auto session = session_after(states[state]);
                if (owner == state)
                    EXPECT_NO_THROW(event(session));
                else
                    EXPECT_THROW(event(session), std::logic_error);
            }
        }
        auto session = session_after(states[state]);
        EXPECT_EQ(session.on_timeout().reply.code(), 421);
        EXPECT_EQ(session.on_shutdown().reply.enhanced_code()->text(), "4.3.2");
        EXPECT_FALSE(session.envelope());
    }
}

// A reload: for the next transaction, and never inside one.
TEST(SmtpSession, TakesOtherOptionsBetweenTransactions) {
    auto options = std::make_shared<SessionOptions>(smtp_options());
    options->domains = {dns::DomainName::parse("new.example").value()};
    auto inside = session_after({"greet", "EHLO c", "MAIL FROM:<>", "sender ok"});
    EXPECT_THROW(inside.use_options(options), std::logic_error);
    inside.on_line("RSET");
    inside.use_options(options);
    inside.on_line("MAIL FROM:<>");
    inside.on_sender_checked(std::nullopt);
    EXPECT_TRUE(std::holds_alternative<CheckRecipient>(inside.on_line("RCPT TO:<r@new.example>")));
    inside.on_recipient_checked(std::nullopt);
    const Action refused = inside.on_line("RCPT TO:<r@relay.example>");
    EXPECT_EQ(std::get<SendReply>(refused).reply.code(), 550);
}

TEST(SmtpSession, KeepsTheEnvelopeAsItCame) {
    auto session = session_after({"greet", "EHLO Client.Example",
                                  "MAIL FROM:<A.b@Client.Example> SIZE=10 BODY=8BITMIME SMTPUTF8",
                                  "sender ok", "RCPT TO:<R@Relay.Example>", "recipient ok",
                                  "RCPT TO:<\"q r\"@second.example>", "recipient ok"});
    const auto& envelope = session.envelope().value();
    EXPECT_EQ(envelope.reverse_path.mailbox(), "A.b@Client.Example");
    EXPECT_EQ(envelope.reverse_path.domain()->text(), "client.example");
    EXPECT_EQ(envelope.declared_size, 10u);
    EXPECT_EQ(envelope.body, BodyType::eight_bit_mime);
    EXPECT_TRUE(envelope.smtputf8);
    ASSERT_EQ(envelope.recipients.size(), 2u);
    EXPECT_EQ(envelope.recipients[0].forward_path.mailbox(), "R@Relay.Example");
    EXPECT_EQ(envelope.recipients[1].forward_path.mailbox(), "\"q r\"@second.example");
    EXPECT_EQ(session.helo(), "Client.Example");
    EXPECT_EQ(session.helo_domain()->text(), "client.example");
    EXPECT_FALSE(session.is_idle());
    EXPECT_EQ(session.transmission_type(), "UTF8SMTP");  // RFC 6531 §4.3
}

// RFC 3848 §1: `with` in Received.
TEST(SmtpSession, TransmissionType) {
    EXPECT_EQ(session_after({"greet", "HELO c"}).transmission_type(), "SMTP");
    EXPECT_EQ(session_after({"greet", "EHLO c"}).transmission_type(), "ESMTP");
    auto session = session_after({"greet", "EHLO c", "STARTTLS"});
    session.on_tls_established();
    EXPECT_EQ(session.helo(), "");
    EXPECT_EQ(session.transmission_type(), "SMTP");
    session.on_line("EHLO c");
    EXPECT_EQ(session.transmission_type(), "ESMTPS");
    session.on_line("MAIL FROM:<> SMTPUTF8");
    EXPECT_EQ(session.transmission_type(), "UTF8SMTPS");
}

TEST(SmtpSession, HelloDomain) {
    EXPECT_FALSE(session_after({"greet", "EHLO [192.0.2.1]"}).helo_domain());
    EXPECT_FALSE(session_after({"greet", "EHLO a..b"}).helo_domain());
    EXPECT_EQ(session_after({"greet", "EHLO a_b."}).helo_domain()->text(), "a_b");
}

// RFC 2920 §3.2: replies to MAIL, RCPT and RSET may wait, those to all else are sent at once.
TEST(SmtpSession, WhichRepliesMayWait) {
    auto session = session_after({"greet", "EHLO c"});
    for (const auto& [line, may_wait] :
         {std::pair{"RSET", true}, std::pair{"MAIL FROM:x", true}, std::pair{"RCPT TO:x", true},
          std::pair{"NOOP", false}, std::pair{"DATA", false}, std::pair{"X", false},
          std::pair{"EHLO c", false}, std::pair{"RSET now", true}, std::pair{"VRFY x", false}})
        EXPECT_EQ(std::get<SendReply>(session.on_line(line)).flush_may_wait, may_wait) << line;
}

// Nobody makes the downstream server, and us, keep refusals without end; the recipients taken still get their
// message.
// RFC 5321 §3.1: 503 to everything but QUIT, and it ends by the bound on errors all the same.
TEST(SmtpSession, TakesNothingMoreOfWhomItTurnedAway) {
    const auto code = [](Action action) {
        const auto* send = std::get_if<SendReply>(&action);
        return send ? send->reply.code() : std::get<Close>(action).reply.code();
    };
    for (const bool greeted : {false, true}) {
        Session session(std::make_shared<const SessionOptions>(smtp_options()), OfferedExtensions());
        if (greeted) {
            session.greet();
            session.on_line("EHLO c");
            session.on_line("MAIL FROM:<>");
            session.on_sender_checked(std::nullopt);
        }
        EXPECT_EQ(session.turn_away(Reply(554, "", "no")).reply.code(), 554);
        EXPECT_FALSE(session.envelope());
        EXPECT_TRUE(session.is_idle());
        EXPECT_EQ(code(session.on_line("EHLO c")), 503);
        EXPECT_EQ(code(session.on_line("MAIL FROM:<>")), 503);
        EXPECT_EQ(code(session.on_line_too_long("x")), 503);
        EXPECT_EQ(code(session.on_bad_line(LineFault::bare_cr, "x")), 503);
        EXPECT_TRUE(session.may_be_followed("DATA")) << "it is refused already";
        EXPECT_EQ(code(session.on_line("QUIT")), 221);
    }
    Session session(std::make_shared<const SessionOptions>(smtp_options()), OfferedExtensions());
    session.turn_away(Reply(554, "", "no"));
    std::size_t answered = 0;
    while (code(session.on_line("NOOP")) == 503)
        ++answered;
    EXPECT_EQ(answered, smtp_options().limits.errors_per_connection);
}

// RFC 2920 §3.1, RFC 5321 §4.3.1.
TEST(SmtpSession, WhatMayBeFollowedInOneGroup) {
    const struct {
        const char* hello;
        const char* line;
        bool may;
    } cases[] = {
        {"EHLO c", "MAIL FROM:<>", true},
        {"EHLO c", "RCPT TO:<r@relay.example>", true},
        {"EHLO c", "RSET", true},
        {"EHLO c", "NOOP", true},
        {"EHLO c", "DATA", false},
        {"EHLO c", "data ", false},
        {"EHLO c", "EHLO c", false},
        {"EHLO c", "HELO c", false},
        {"EHLO c", "QUIT", true},
        {"EHLO c", "STARTTLS", true},
        {"HELO c", "MAIL FROM:<>", false},
        {"HELO c", "RSET", false},
        {"HELO c", "QUIT", true},
        {"", "NOOP", false},
        {"", "EHLO c", false},
        {"", "QUIT", true},
    };
    for (const auto& entry : cases) {
        Session session(std::make_shared<const SessionOptions>(smtp_options()), OfferedExtensions());
        session.greet();
        if (*entry.hello != '\0') session.on_line(entry.hello);
        EXPECT_EQ(session.may_be_followed(entry.line), entry.may) << entry.hello << ' ' << entry.line;
    }
}

}  // namespace
}  // namespace gatepost::server::smtp
