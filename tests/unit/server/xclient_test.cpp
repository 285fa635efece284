// XCLIENT: its argument, and what it does to a session (Postfix's XCLIENT_README).
#include "server/smtp/xclient.hpp"

#include "tests/support/smtp_driver.hpp"

#include "server/smtp/xtext.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gatepost::server::smtp {
namespace {

using namespace std::string_view_literals;

// "address|helo|protocol"; "-" for what is not said, "invalid" for all of it.
std::string summary(std::string_view argument) {
    const auto parsed = parse_xclient(argument);
    if (!parsed) return "invalid";
    std::string address = parsed->address ? parsed->address->text() : "-";
    if (parsed->address_unavailable) address = "unavailable";
    const std::string protocol = parsed->extended ? (*parsed->extended ? "ESMTP" : "SMTP") : "-";
    return address + '|' + parsed->helo.value_or("-") + '|' + protocol;
}

TEST(Xclient, ReadsAttributes) {
    constexpr std::string_view cases[][2] = {
        {"ADDR=192.0.2.7", "192.0.2.7|-|-"},
        {"addr=IPv6:2001:db8::7", "2001:db8::7|-|-"},
        {"NAME=spike.example ADDR=192.0.2.7 HELO=spike.example PROTO=ESMTP", "192.0.2.7|spike.example|ESMTP"},
        {"NAME=[UNAVAILABLE]  ADDR=[unavailable] PROTO=smtp", "unavailable|-|SMTP"},
        {"ADDR=[TEMPUNAVAIL]", "unavailable|-|-"},
        {"HELO=[UNAVAILABLE]", "-||-"},
        {"HELO=a+2Eexample", "-|a.example|-"},
        {"PORT=25 LOGIN=x DESTADDR=192.0.2.25 DESTPORT=25 REVERSE_NAME=a.example", "-|-|-"},
        {"", "invalid"},
        {"ADDR", "invalid"},
        {"ADDR=", "invalid"},
        {"ADDR=192.0.2", "invalid"},
        {"ADDR=2001:db8::7", "invalid"},
        {"ADDR=IPV6:192.0.2.7", "invalid"},
        {"ADDR=IPV6:::ffff:192.0.2.7", "192.0.2.7|-|-"},
        {"ADDR=192.0.2.7 ADDR=192.0.2.8", "invalid"},
        {"PROTO=LMTP", "invalid"},
        {"HELO=a+0Ab", "invalid"},
        {"HELO=a+2eb", "invalid"},
        {"FOO=bar", "invalid"},
        {"ADDR=192.0.2.7 and more", "invalid"},
    };
    for (const auto& [argument, expected] : cases)
        EXPECT_EQ(summary(argument), expected) << argument;
}

TEST(Xtext, IsItsOwnInverse) {
    std::string all;
    for (int c = 0; c < 256; ++c)
        all += static_cast<char>(c);
    const std::string text = encode_xtext(all);
    EXPECT_EQ(text.find_first_of(" =\r\n"), std::string::npos);
    EXPECT_EQ(decode_xtext(text), all);
    EXPECT_EQ(encode_xtext("a+b=c"), "a+2Bb+3Dc");
    for (const std::string_view bad : {"+", "+4", "+4g", "+4a", "a=b", "a b", "\x80", "a\tb"})
        EXPECT_EQ(decode_xtext(bad), std::nullopt) << bad;
}

std::string reply_to(tests::SmtpDriver& driver, std::string_view line) {
    driver.take_output();
    driver.feed(std::string(line) + "\r\n");
    return driver.take_output();
}

tests::SmtpDriver trusted_host() {
    OfferedExtensions offered;
    offered.xclient = true;
    tests::SmtpDriver driver(tests::smtp_options(), offered);
    driver.greet();
    return driver;
}

constexpr std::string_view greeting = "220 mx.example ESMTP\r\n";
constexpr std::string_view offer = "XCLIENT NAME ADDR";

// RFC 6531 §3.1: not without 8BITMIME.
TEST(OfferedExtensions, SayWhatTheDownstreamTakes) {
    for (const bool eight_bit : {false, true}) {
        for (const bool utf8 : {false, true}) {
            OfferedExtensions offered;
            offered.eight_bit_mime = eight_bit;
            offered.smtputf8 = utf8;
            tests::SmtpDriver driver(tests::smtp_options(), offered);
            driver.greet();
            const std::string reply = reply_to(driver, "EHLO client.example");
            EXPECT_EQ(reply.find("250-8BITMIME\r\n") != std::string::npos, eight_bit) << reply;
            EXPECT_EQ(reply.find("250-SMTPUTF8\r\n") != std::string::npos, eight_bit && utf8) << reply;
        }
    }
}

TEST(Xclient, GoesBackToTheGreeting) {
    tests::SmtpDriver driver = trusted_host();
    EXPECT_NE(reply_to(driver, "EHLO proxy.example").find(offer), std::string::npos);
    EXPECT_EQ(reply_to(driver, "XCLIENT ADDR=nowhere").substr(0, 3), "501");
    EXPECT_EQ(reply_to(driver, "XCLIENT HELO=a,b").substr(0, 3), "501");
    EXPECT_EQ(reply_to(driver, "XCLIENT PORT=1025"), greeting);
    EXPECT_EQ(driver.session().helo(), "");
    EXPECT_EQ(reply_to(driver, "MAIL FROM:<a@client.example>").substr(0, 3), "503") << "no EHLO yet";
    EXPECT_EQ(reply_to(driver, "XCLIENT HELO=client.example PROTO=SMTP"), greeting);
    EXPECT_EQ(driver.session().helo(), "client.example");
    EXPECT_EQ(driver.session().transmission_type(), "SMTP");
    EXPECT_EQ(reply_to(driver, "MAIL FROM:<a@client.example>").substr(0, 3), "250");
    EXPECT_EQ(reply_to(driver, "XCLIENT ADDR=192.0.2.8").substr(0, 3), "503") << "inside a transaction";
    reply_to(driver, "RSET");
    EXPECT_EQ(reply_to(driver, "XCLIENT ADDR=192.0.2.7"), greeting);
    EXPECT_EQ(driver.session().helo(), "");
}

// Whoever speaks after an ADDR speaks for that client: another could be named only in its stead, perhaps by
// the client itself.
TEST(Xclient, NamesAClientOnce) {
    for (const std::string_view naming :
         {"ADDR=192.0.2.7", "ADDR=[UNAVAILABLE]", "HELO=a.example ADDR=[TEMPUNAVAIL]"}) {
        SCOPED_TRACE(naming);
        tests::SmtpDriver driver = trusted_host();
        EXPECT_EQ(reply_to(driver, "XCLIENT " + std::string(naming)), greeting);
        const auto is_over = [&] {
            EXPECT_EQ(reply_to(driver, "EHLO client.example").find("XCLIENT"), std::string::npos);
            EXPECT_EQ(reply_to(driver, "HELP").find("XCLIENT"), std::string::npos);
            for (const char* again :
                 {"XCLIENT ADDR=10.20.3.7", "XCLIENT HELO=other.example", "XCLIENT nonsense"})
                EXPECT_EQ(reply_to(driver, again).substr(0, 9), "550 5.7.0") << again;
        };
        is_over();
        reply_to(driver, "RSET");
        EXPECT_TRUE(reply_to(driver, "STARTTLS").starts_with("220 "));
        driver.finish_handshake();
        is_over();
    }
}

TEST(Xclient, IsForTrustedHostsAlone) {
    tests::SmtpDriver driver;
    driver.greet();
    EXPECT_EQ(reply_to(driver, "EHLO client.example").find("XCLIENT"), std::string::npos);
    EXPECT_EQ(reply_to(driver, "XCLIENT ADDR=10.20.3.7").substr(0, 9), "550 5.7.0");
    EXPECT_EQ(reply_to(driver, "HELP").find("XCLIENT"), std::string::npos);
}

}  // namespace
}  // namespace gatepost::server::smtp
