// Dialogs about the extensions: what is announced, and what their parameters may say.
#include "tests/support/smtp_script.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::tests {
namespace {

namespace smtp = server::smtp;

// PRODUCT.md: SIZE, 8BITMIME and SMTPUTF8 only where the downstream has them. RFC 6531 §3.1: SMTPUTF8 needs
// 8BITMIME.
TEST(SmtpExtensions, OfferedExtensions) {
    const auto reply_for = [](smtp::OfferedExtensions offered) {
        SmtpDriver driver(smtp_options(), offered);
        driver.greet();
        driver.take_output();
        driver.feed("EHLO client.example\r\n");
        return driver.take_output();
    };
    EXPECT_EQ(reply_for({}),
              "250-mx.example\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SIZE "
              "52428800\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
              "250-STARTTLS\r\n250-LIMITS RCPTMAX=100 MAILMAX=1000\r\n250 ENHANCEDSTATUSCODES\r\n");
    const std::string bare =
        "250-mx.example\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-STARTTLS\r\n"
        "250-LIMITS RCPTMAX=100 MAILMAX=1000\r\n250 ENHANCEDSTATUSCODES\r\n";
    EXPECT_EQ(reply_for({false, false, false}), bare);
    EXPECT_EQ(reply_for({false, false, true}), bare);
    SmtpScript(smtp_options(), {false, false, true})
        .send(hello)
        .expect(250)
        .send("MAIL FROM:<a@client.example> SIZE=1")
        .expect(555, "5.5.4")
        .send("MAIL FROM:<a@client.example> BODY=8BITMIME")
        .expect(555, "5.5.4")
        .send("MAIL FROM:<a@client.example> SMTPUTF8")
        .expect(555, "5.5.4")
        .run();
}

// PRODUCT.md: SIZE is the smaller of ours and theirs less 64 KiB, at EHLO, at MAIL and at the end of data
// alike. Theirs is not told where it is 0 (RFC 1870 §4), and where not all of them announce SIZE.
TEST(SmtpExtensions, SizeIsTheLeast) {
    constexpr std::uint64_t room = 65536;
    struct Case {
        std::uint64_t ours;
        bool size;
        std::uint64_t theirs;
        std::uint64_t announced;  // 0: not
    };
    for (const Case& given :
         {Case{1000, true, 0, 1000}, Case{1000, true, room + 999, 999}, Case{1000, true, room + 1000, 1000},
          Case{1000, true, room + 1001, 1000}, Case{1000, true, room, 1}, Case{1000, true, 10, 1},
          Case{1000, false, room + 10, 0}, Case{52428800, true, 10485760, 10420224}}) {
        SCOPED_TRACE(std::to_string(given.ours) + " and " + std::to_string(given.theirs));
        smtp::SessionOptions options = smtp_options();
        options.limits.message_size = given.ours;
        smtp::OfferedExtensions offered;
        offered.size = given.size;
        offered.max_size = given.theirs;
        SmtpDriver driver(options, offered);
        driver.greet();
        driver.take_output();
        driver.feed("EHLO client.example\r\n");
        const std::string reply = driver.take_output();
        const std::string line = "250-SIZE " + std::to_string(given.announced) + "\r\n";
        EXPECT_EQ(reply.find(line) != std::string::npos, given.announced != 0) << reply;
        EXPECT_EQ(reply.find("SIZE") != std::string::npos, given.announced != 0) << reply;
    }
    smtp::OfferedExtensions offered;
    offered.max_size = room + 10;
    for (const bool larger : {false, true})
        for (const bool by_bdat : {false, true}) {
            SmtpScript script(smtp_options(), offered);
            script.send(hello).expect(250).send(std::string(mail) + " SIZE=11").expect(552, "5.3.4");
            script.send(std::string(mail) + " SIZE=10").expect(250).send(rcpt).expect(250);
            script.send(by_bdat ? larger ? "BDAT 11 LAST" : "BDAT 10 LAST" : "DATA");
            if (!by_bdat) script.expect(354);
            script.send_raw(larger ? "123456789\r\n" : "12345678\r\n").send_raw(by_bdat ? "" : ".\r\n");
            if (larger)
                script.expect(552, "5.3.4").expect_messages(0).run();
            else
                script.expect(250).expect_messages(1, "12345678\r\n").run();
        }
}

smtp::OfferedExtensions with_dsn() {
    smtp::OfferedExtensions offered;
    offered.dsn = true;
    offered.requiretls = true;
    return offered;
}

// RFC 3461 §4: parameters that are offered are checked; dsn_test.cpp has the values.
TEST(SmtpExtensions, Dsn) {
    struct Case {
        const char* mail;
        const char* rcpt;
        int mail_code, rcpt_code;
    };
    for (const auto& [mail_parameters, rcpt_parameters, mail_code, rcpt_code] : {
             Case{" RET=FULL ENVID=QQ314159", " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Rcpt@Relay.Example", 250,
                  250},
             Case{" ret=hdrs", " notify=never", 250, 250}, Case{" ENVID=a+2Bb", "", 250, 250},
             Case{" RET=FULL RET=FULL", "", 501, 503},  // §4.5
             Case{" RET=BODY", "", 501, 503}, Case{" RET", "", 501, 503}, Case{" ENVID=", "", 501, 503},
             Case{" ENVID=a+0D+0ARCPT", "", 501, 503}, Case{" NOTIFY=NEVER", "", 555, 503},  // RCPT's
             Case{"", " RET=FULL", 250, 555}, Case{"", " NOTIFY=NEVER,DELAY", 250, 501},
             Case{"", " NOTIFY=NEVER NOTIFY=NEVER", 250, 501},
             Case{"", " ORCPT=rcpt@relay.example", 250, 501},
             Case{"", " ORCPT=utf-8;j\xc3\xbcrgen@relay.example", 250, 501},
             Case{" SMTPUTF8", " ORCPT=utf-8;j\xc3\xbcrgen@relay.example", 250, 250},  // RFC 6533 §3
         }) {
        SCOPED_TRACE(std::string(mail_parameters) + rcpt_parameters);
        SmtpScript(smtp_options(), with_dsn())
            .send(hello)
            .expect(250, "", "DSN")
            .send(std::string(mail) + mail_parameters + "\r\n" + rcpt + rcpt_parameters)
            .expect(mail_code)
            .expect(rcpt_code)
            .run();
    }
    // Not offered: not known.
    greeted().send(std::string(mail) + " RET=FULL").expect(555, "5.5.4").run();
    greeted().send(mail).expect(250).send(std::string(rcpt) + " ORCPT=rfc822;a").expect(555, "5.5.4").run();
}

TEST(SmtpExtensions, DsnParametersAreKeptAsTheyCame) {
    SmtpScript(smtp_options(), with_dsn())
        .send(hello)
        .expect(250)
        .send(std::string(mail) + " RET=hdrs ENVID=a+2Bb")
        .expect(250)
        .send(std::string(rcpt) + " ORCPT=rfc822;Rcpt+40Relay NOTIFY=success,Delay")
        .expect(250)
        .send("DATA")
        .expect(354)
        .send(".")
        .expect(250)
        .with([](SmtpDriver& driver) {
            driver.check_message = [&driver](const auto&) {
                const auto& envelope = *driver.session().envelope();
                EXPECT_EQ(envelope.dsn.ret, "hdrs");
                EXPECT_EQ(envelope.dsn.envid, "a+2Bb");
                EXPECT_EQ(envelope.recipients.front().dsn.notify, "success,Delay");
                EXPECT_EQ(envelope.recipients.front().dsn.orcpt, "rfc822;Rcpt+40Relay");
                return SmtpDriver::Refusal();
            };
        })
        .run();
}

// RFC 8689 §2: not outside of TLS.
TEST(SmtpExtensions, RequireTls) {
    SmtpScript(smtp_options(), with_dsn())
        .send(hello)
        .expect(250)
        .send(std::string(mail) + " REQUIRETLS")
        .expect(555, "5.5.4")
        .send("STARTTLS")
        .expect(220)
        .handshake()
        .send(hello)
        .expect(250, "", "REQUIRETLS")
        .send(std::string(mail) + " REQUIRETLS=yes")
        .expect(501, "5.5.4")
        .send(std::string(mail) + " REQUIRETLS")
        .expect(250)
        .run();
    SmtpDriver driver(smtp_options(), with_dsn());
    driver.greet();
    driver.feed("EHLO client.example\r\n");
    EXPECT_EQ(driver.take_output().find("REQUIRETLS"), std::string::npos);
}

// RFC 9422 §4: at most six digits.
TEST(SmtpExtensions, AnnouncedLimits) {
    auto options = smtp_options();
    options.limits.recipients = 20;
    options.limits.messages_per_connection = 5'000'000;
    SmtpScript(options).send(hello).expect(250, "", "LIMITS RCPTMAX=20 MAILMAX=999999").run();
    smtp::OfferedExtensions by_lmtp;
    by_lmtp.one_recipient = true;
    SmtpScript(options, by_lmtp).send(hello).expect(250, "", "LIMITS RCPTMAX=1 MAILMAX=999999").run();
}

}  // namespace
}  // namespace gatepost::tests
