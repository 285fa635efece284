// Dialogs with the SMTP server, each whole, octet by octet, and with a client that falls silent at each step.
#include "tests/support/smtp_script.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::tests {
namespace {

namespace smtp = server::smtp;

SmtpScript at_data() {
    auto script = greeted();
    script.send(mail).expect(250, "2.1.0").send(rcpt).expect(250, "2.1.5").send("DATA").expect(354, "");
    return script;
}

smtp::SessionOptions options_with(smtp::TlsMode tls) {
    auto options = smtp_options();
    options.tls = tls;
    return options;
}

// RFC 5321 §4.1.1.4, appendix D.1.
TEST(SmtpDialog, OneMessage) {
    at_data()
        .send_raw("Subject: s\r\n\r\nbody\r\n.\r\n")
        .expect(250, "2.6.0")
        .expect_messages(1, "Subject: s\r\n\r\nbody\r\n")
        .send("QUIT")
        .expect(221, "2.0.0")
        .expect_close()
        .run();
}

// RFC 2920 §3.1: the group in one segment; the message and QUIT in another.
TEST(SmtpDialog, PipelinedGroup) {
    greeted()
        .send(std::string(mail) + "\r\n" + rcpt + "\r\nRCPT TO:<x@elsewhere.example>\r\nDATA")
        .expect(250, "2.1.0")
        .expect(250, "2.1.5")
        .expect(550, "5.7.1", "elsewhere.example")
        .expect(354, "")
        .send_raw("x\r\n.\r\nQUIT\r\n")
        .expect(250, "2.6.0")
        .expect(221, "2.0.0")
        .expect_close()
        .expect_messages(1, "x\r\n")
        .run();
}

// RFC 2920 §3.1: what follows DATA before its reply is the message's, where DATA is taken.
TEST(SmtpDialog, EarlyMessage) {
    greeted()
        .send(mail)
        .expect(250)
        .send(rcpt)
        .expect(250)
        .send_raw("DATA\r\nFrom: a@client.example\r\n\r\nx\r\n.\r\nMAIL FROM:<b@client.example>\r\n")
        .expect(354)
        .expect(250, "2.6.0")
        .expect(250, "2.1.0")
        .expect_messages(1, "From: a@client.example\r\n\r\nx\r\n")
        .run();
}

// RFC 5321 §3.3: DATA without a recipient.
TEST(SmtpDialog, NoValidRecipients) {
    greeted()
        .send(std::string(mail) + "\r\nRCPT TO:<x@elsewhere.example>\r\nDATA")
        .expect(250)
        .expect(550, "5.7.1")
        .expect(554, "5.5.1")
        .run();
    greeted().send(mail).expect(250).send("DATA").expect(503, "5.5.1").run();
}

// RFC 5321 §3.3 has 554, but 5xx is no reply where a recipient may be taken later.
TEST(SmtpDialog, NoRecipientForNow) {
    const auto defer_first = [](SmtpDriver& driver) {
        driver.check_recipient = [](const auto& path) {
            const bool first = path.local_part() == "rcpt";
            return SmtpDriver::Refusal(first ? smtp::Reply(451, "4.4.1", "Later")
                                             : smtp::Reply(550, "5.1.1", "Never"));
        };
    };
    for (const char* message : {"DATA\r\n", "BDAT 6 LAST\r\nQUIT\r\n"}) {
        greeted()
            .with(defer_first)
            .send_raw(std::string(mail) + "\r\n" + rcpt + "\r\nRCPT TO:<x@relay.example>\r\n" + message)
            .expect(250)
            .expect(451, "4.4.1")
            .expect(550, "5.1.1")
            .expect(451, "4.5.1")
            .expect_messages(0)
            .run();
    }
}

// RFC 3207 §4.2: what was sent before the handshake is gone, and what was known is forgotten.
TEST(SmtpDialog, StartTls) {
    greeted()
        .send("STARTTLS")
        .expect(220, "2.0.0")
        .handshake()
        .send(mail)
        .expect(503, "5.5.1")
        .send(hello)
        .expect(250, "")
        .send("STARTTLS")
        .expect(503, "5.5.1")
        .send(mail)
        .expect(250, "2.1.0")
        .run();
}

// CVE-2011-0411: commands behind STARTTLS in its segment are not executed. Octet by octet the same octets
// arrive in the handshake and break it, so that this dialog has no second form.
TEST(SmtpDialog, StarttlsPlaintextPipelined) {
    SmtpDriver driver;
    driver.greet();
    driver.feed("EHLO client.example\r\nSTARTTLS\r\nMAIL FROM:<injected@client.example>\r\nRCPT TO:<r");
    EXPECT_TRUE(driver.take_output().ends_with("220 2.0.0 Ready to start TLS\r\n"));
    driver.finish_handshake();
    driver.feed("EHLO client.example\r\n");
    EXPECT_EQ(driver.take_output().find("STARTTLS"), std::string::npos);
    EXPECT_FALSE(driver.session().envelope());
    driver.feed("RCPT TO:<rcpt@relay.example>\r\n");
    EXPECT_EQ(driver.take_output(), "503 5.5.1 Send MAIL first\r\n");
}

// RFC 3207 §4.
TEST(SmtpDialog, StartTlsRefused) {
    greeted().send("STARTTLS now").expect(501, "5.5.4").run();
    greeted().send(mail).expect(250).send("STARTTLS").expect(503, "5.5.1").run();
    SmtpScript().send("STARTTLS").expect(503, "5.5.1").run();
    SmtpScript(options_with(smtp::TlsMode::off))
        .send(hello)
        .expect(250)
        .send("STARTTLS")
        .expect(502, "5.5.1")
        .run();
    SmtpScript(options_with(smtp::TlsMode::implicit))
        .send(hello)
        .expect(250)
        .send("STARTTLS")
        .expect(503, "5.5.1")
        .run();
}

// RFC 3207 §4: 530 for every command but NOOP, EHLO, STARTTLS and QUIT.
TEST(SmtpDialog, TlsRequired) {
    SmtpScript(options_with(smtp::TlsMode::required))
        .send("HELO client.example")
        .expect(530, "5.7.0")
        .send(hello)
        .expect(250, "", "STARTTLS")
        .send(mail)
        .expect(530, "5.7.0")
        .send("VRFY x")
        .expect(530, "5.7.0")
        .send("NOOP")
        .expect(250, "2.0.0")
        .send("STARTTLS")
        .expect(220)
        .handshake()
        .send(hello)
        .expect(250)
        .send(mail)
        .expect(250)
        .send("QUIT")
        .expect(221)
        .run();
}

TEST(SmtpDialog, Addresses) {
    struct Case {
        const char* line;
        int code;
        const char* enhanced;
    };
    for (const auto& [line, code, enhanced] : {
             Case{"RCPT TO:<Postmaster>", 250, "2.1.5"},                          // RFC 5321 §4.1.1.3
             Case{"RCPT TO: <rcpt@relay.example>", 250, "2.1.5"},                 // tolerated
             Case{"RCPT TO:<rcpt@Second.EXAMPLE>  ", 250, "2.1.5"},               // §4.1.1
             Case{"RCPT TO:<\"a b\"@relay.example>", 250, "2.1.5"},               // §4.1.2
             Case{"RCPT TO:<@x.example:rcpt@relay.example>", 250, "2.1.5"},       // §4.1.1.3
             Case{"RCPT TO:<@relay.example:x@elsewhere.example>", 550, "5.7.1"},  // no open relay
             Case{"RCPT TO:<x@sub.relay.example>", 550, "5.7.1"},                 // exact names
             Case{"RCPT TO:<x@[192.0.2.1]>", 550, "5.7.1"},
             Case{"RCPT TO:<x%elsewhere.example@relay.example>", 550, "5.7.1"},
             Case{"RCPT TO:<elsewhere.example!x@relay.example>", 550, "5.7.1"},
             Case{"RCPT TO:<\"x@elsewhere.example\"@relay.example>", 550, "5.7.1"},
             Case{"RCPT TO:<\"x\\@elsewhere.example\"@relay.example>", 550, "5.7.1"},
             Case{"RCPT TO:<a..b.@relay.example>", 250, "2.1.5"},
             Case{"RCPT TO:<someone>", 501, "5.1.3"},
             Case{"RCPT TO:<>", 501, "5.1.3"},
             Case{"RCPT TO:rcpt@relay.example", 501, "5.1.3"},
             Case{"RCPT FROM:<rcpt@relay.example>", 501, "5.5.4"},
             Case{"RCPT TO:<rcpt@relay.example> NOTIFY=NEVER", 555, "5.5.4"},  // §4.1.1.11
             Case{"RCPT TO:<rcpt@relay.example>x", 501, "5.5.4"},
             Case{"RCPT TO:<j\xc3\xbcrgen@relay.example>", 553, "5.6.7"},  // RFC 6531 §3.5
         }) {
        SCOPED_TRACE(line);
        greeted().send(mail).expect(250).send(line).expect(code, enhanced).run();
    }
}

// policy.routed_local_parts: the downstream gets them as they came.
TEST(SmtpDialog, RoutedLocalPartsMayBeTaken) {
    auto options = smtp_options();
    options.routed_local_parts = true;
    for (const char* address : {"x%elsewhere.example@relay.example", "elsewhere.example!x@relay.example",
                                "\"x@elsewhere.example\"@relay.example"}) {
        greeted(options)
            .send(mail)
            .expect(250)
            .send(std::string("RCPT TO:<") + address + ">")
            .expect(250, "2.1.5")
            .send("RCPT TO:<x%relay.example@elsewhere.example>")
            .expect(550, "5.7.1")
            .with([address](SmtpDriver& driver) {
                driver.check_recipient = [address](const smtp::Path& path) {
                    EXPECT_EQ(path.mailbox(), address);
                    return SmtpDriver::Refusal();
                };
            })
            .run();
    }
}

// RFC 6531 §3.3: what is no U-label does not go on, whoever is named by it.
TEST(SmtpDialog, DomainsThatWouldHaveToBeMapped) {
    for (const char* domain :
         {"r\uff45lay.example", "rel\u200bay.example", "rel\u00aday.example",
          "relay\u3002"
          "example",
          "r\U0001d41elay.example", "rel\u2060ay.example", "rel\ufeffay.example", "xn--zzzzzz99.example"}) {
        SCOPED_TRACE(domain);
        const std::string path = std::string("<a@") + domain + ">";
        greeted().send("MAIL FROM:" + path + " SMTPUTF8").expect(553, "5.6.7").run();
        greeted()
            .send("MAIL FROM:<a@client.example> SMTPUTF8")
            .expect(250)
            .send("RCPT TO:" + path)
            .expect(553, "5.6.7")
            .run();
    }
}

TEST(SmtpDialog, PostmasterIsAtTheFirstDomain) {
    greeted()
        .send(mail)
        .expect(250)
        .send("RCPT TO:<Postmaster>")
        .expect(250)
        .send("DATA")
        .expect(354)
        .send(".")
        .expect(250)
        .with([](SmtpDriver& driver) {
            driver.check_recipient = [](const smtp::Path& path) {
                EXPECT_EQ(path.mailbox(), "Postmaster@relay.example");
                return SmtpDriver::Refusal();
            };
        })
        .run();
}

TEST(SmtpDialog, Senders) {
    struct Case {
        const char* argument;
        int code;
        const char* enhanced;
    };
    for (const auto& [argument, code, enhanced] : {
             Case{"<>", 250, "2.1.0"},
             Case{"<a@client.example> SIZE=1000", 250, "2.1.0"},
             Case{"<a@client.example> SIZE=52428800", 250, "2.1.0"},
             Case{"<a@client.example> SIZE=52428801", 552, "5.3.4"},  // RFC 1870 §6.1
             Case{"<a@client.example> SIZE=99999999999999999999", 552, "5.3.4"},
             Case{"<a@client.example> SIZE=00000000000000000001", 250, "2.1.0"},
             Case{"<a@client.example> SIZE=100000000000000000000", 501, "5.5.4"},  // 21 digits
             Case{"<a@client.example> SIZE=", 501, "5.5.4"},
             Case{"<a@client.example> SIZE", 501, "5.5.4"},
             Case{"<a@client.example> SIZE=-1", 501, "5.5.4"},
             Case{"<a@client.example> SIZE=1 SIZE=2", 501, "5.5.4"},
             Case{"<a@client.example> body=8bitmime", 250, "2.1.0"},
             Case{"<a@client.example> BODY=7BIT SIZE=1", 250, "2.1.0"},
             Case{"<a@client.example> BODY=BINARYMIME", 555, "5.5.4"},
             Case{"<a@client.example> BODY=EBCDIC", 501, "5.5.4"},
             Case{"<a@client.example> FOO=BAR", 555, "5.5.4"},
             Case{"<a@client.example> =BAR", 501, "5.5.4"},
             Case{"<j\xc3\xbcrgen@client.example>", 553, "5.6.7"},  // RFC 6531 §3.5
             Case{"<j\xc3\xbcrgen@client.example> SMTPUTF8", 250, "2.1.0"},
             Case{"<j@b\xc3\xbc"
                  "cher.example> SMTPUTF8",
                  250, "2.1.0"},
             Case{"<j\xc3\xbcrgen@client.example> SMTPUTF8=1", 501, "5.5.4"},
             Case{"<\xff\xfe@client.example> SMTPUTF8", 501, "5.1.7"},
             Case{"<a@-.example>", 553, "5.1.7"},
             Case{"<try..this.@client.example>", 250, "2.1.0"},
             Case{"<.@client.example>", 501, "5.1.7"},
             Case{"a@client.example", 501, "5.1.7"},
         }) {
        SCOPED_TRACE(argument);
        greeted().send(std::string("MAIL FROM:") + argument).expect(code, enhanced).run();
    }
}

TEST(SmtpDialog, Hello) {
    SmtpScript().send("HELO client.example").expect(250, "", "mx.example").run();
    SmtpScript().send("EHLO [IPv6:2001:db8::1]").expect(250).run();
    SmtpScript().send("EHLO my_host.").expect(250).run();
    SmtpScript().send("EHLO").expect(501, "5.5.4").run();
    SmtpScript().send("EHLO a b").expect(501, "5.5.4").run();
    SmtpScript().send("EHLO a;b=c").expect(501, "5.5.4").run();
    SmtpScript()
        .send(
            "EHLO b\xc3\xbc"
            "cher.example")
        .expect(501, "5.5.4")
        .run();
    SmtpScript().send("EHLO " + std::string(256, 'a')).expect(501, "5.5.4").run();
}

// RFC 5321 §4.1.4: EHLO and RSET end a transaction.
TEST(SmtpDialog, Reset) {
    for (const char* command : {hello, "HELO client.example", "RSET"}) {
        SCOPED_TRACE(command);
        greeted()
            .send(mail)
            .expect(250)
            .send(rcpt)
            .expect(250)
            .send(command)
            .expect(250)
            .send(rcpt)
            .expect(503, "5.5.1")
            .run();
    }
}

// A line is cut at CRLF alone, and one that could be read in two ways is refused whole.
TEST(SmtpDialog, BadLines) {
    greeted().send("MAIL FROM:<a@client.example>\rRCPT TO:<rcpt@relay.example>").expect(500, "5.5.2").run();
    greeted().send(std::string_view("NOOP \0", 6)).expect(500, "5.5.2").run();
    greeted().send("NOOP " + std::string(5000, 'x')).expect(500, "5.5.2").send("NOOP").expect(250).run();
    greeted()
        .send("")
        .expect(500, "5.5.2")
        .send("   ")
        .expect(500, "5.5.2")
        .send(" NOOP")
        .expect(500, "5.5.2")
        .run();
}

TEST(SmtpDialog, OtherCommands) {
    greeted()
        .send("VRFY x")
        .expect(252, "2.5.0")
        .send("EXPN x")
        .expect(502, "5.5.1")
        .send("HELP")
        .expect(214, "2.0.0", "STARTTLS")
        .send("AUTH PLAIN AGEAYg==")
        .expect(502, "5.5.1")
        .send("XYZZY")
        .expect(500, "5.5.2")
        .send("QUIT now")
        .expect(501, "5.5.4")
        .run();
}

// A browser was made to speak to us: nothing behind its request line is executed.
TEST(SmtpDialog, Http) {
    SmtpScript()
        .send("GET / HTTP/1.1\r\nHost: x\r\n\r\nEHLO client.example")
        .expect(421, "4.7.0")
        .expect_close()
        .run();
    SmtpScript().send("Host: x\r\nNOOP").expect(421, "4.7.0").expect_close().run();
}

// Local: limits.errors_per_connection.
TEST(SmtpDialog, TooManyErrors) {
    auto options = smtp_options();
    options.limits.errors_per_connection = 2;
    SmtpScript(options)
        .send("X\r\nX\r\nX\r\nX")
        .expect(500)
        .expect(500)
        .expect(421, "4.7.0")
        .expect_close()
        .run();
    // With a recipient taken, further refusals count none.
    SmtpScript script(options);
    script.send(hello).expect(250).send(mail).expect(250).send(rcpt).expect(250);
    for (int i = 0; i < 5; ++i)
        script.send("RCPT TO:<x@elsewhere.example>").expect(550);
    script.send("DATA").expect(354).send(".").expect(250).run();
}

// RFC 5321 §4.5.3.1.10, and local limits.
TEST(SmtpDialog, Limits) {
    auto options = smtp_options();
    options.limits.recipients = 2;
    options.limits.messages_per_connection = 1;
    options.limits.message_size = 10;
    SmtpScript(options)
        .send(hello)
        .expect(250)
        .send(std::string(mail) + "\r\n" + rcpt + "\r\n" + rcpt + "\r\n" + rcpt)
        .expect(250)
        .expect(250)
        .expect(250)
        .expect(452, "4.5.3")
        .send("DATA")
        .expect(354)
        .send_raw("12345678901\r\n.\r\n")
        .expect(552, "5.3.4")
        .expect_messages(0)
        .send(mail)
        .expect(421, "4.7.0")
        .expect_close()
        .run();
}

// Each MAIL that is taken costs lookups, whether a message follows or not; one that is refused counts not.
TEST(SmtpDialog, SendersWithoutMessages) {
    auto options = smtp_options();
    options.limits.messages_per_connection = 3;
    const auto every_other = [](SmtpDriver& driver) {
        driver.check_sender = [count = 0]() mutable {
            return ++count % 2 == 1 ? SmtpDriver::Refusal(smtp::Reply(451, "4.7.1", "Later"))
                                    : SmtpDriver::Refusal();
        };
    };
    SmtpScript script(options);
    script.with(every_other).send(hello).expect(250);
    for (int i = 0; i < 3; ++i)
        script.send(mail).expect(451).send(mail).expect(250).send("RSET").expect(250);
    script.send(mail).expect(421, "4.7.0", "Too many messages").expect_close().run();
}

TEST(SmtpDialog, OutsideRefusals) {
    const auto setup = [](SmtpDriver& driver) {
        driver.check_sender = [] {
            return SmtpDriver::Refusal(smtp::Reply(451, "4.7.1", "Later"));
        };
    };
    greeted().with(setup).send(mail).expect(451, "4.7.1").send(rcpt).expect(503, "5.5.1").run();
    const auto recipient = [](SmtpDriver& driver) {
        driver.check_recipient = [](const auto&) {
            return SmtpDriver::Refusal(smtp::Reply(550, "5.1.1", "No such user"));
        };
    };
    greeted()
        .with(recipient)
        .send(mail)
        .expect(250)
        .send(rcpt)
        .expect(550, "5.1.1")
        .send("DATA")
        .expect(554, "5.5.1")
        .run();
    const auto message = [](SmtpDriver& driver) {
        driver.check_message = [](const auto&) {
            return SmtpDriver::Refusal(smtp::Reply(421, "4.3.2", "Stopping"));
        };
    };
    at_data().with(message).send(".").expect(421, "4.3.2").expect_close().run();
}

// RFC 5321 §2.3.8: bare CR and LF in a message; the true end is found, and the session goes on.
TEST(SmtpDialog, BareNewlines) {
    for (const char* content :
         {"a\nb\r\n.\r\n", "a\rb\r\n.\r\n", "a\n.\nb\r\n.\r\n", "a\r\n.\n.\r\r\n\r\n.\r\n"}) {
        SCOPED_TRACE(content);
        at_data().send_raw(content).expect(550, "5.6.0").send("NOOP").expect(250).expect_messages(0).run();
    }
}

}  // namespace
}  // namespace gatepost::tests
