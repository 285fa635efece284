// What one session may ask of others, across its transactions.
#include "tests/support/smtp_driver.hpp"

#include "server/smtp/session.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>

namespace gatepost::server::smtp {
namespace {

using tests::smtp_options;

TEST(SmtpSessionBounds, AsksForNoFurtherRecipientAfterAThousandRefusals) {
    tests::SmtpDriver driver;
    std::size_t asked = 0;
    driver.check_recipient = [&](const Path& path) {
        ++asked;
        return path.local_part() == "taken" ? tests::SmtpDriver::Refusal() : Reply(550, "5.1.1", "nobody");
    };
    driver.greet();
    driver.feed("EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<taken@relay.example>\r\n");
    for (int i = 0; i < 1500; ++i)
        driver.feed("RCPT TO:<x@relay.example>\r\n");
    EXPECT_EQ(asked, 1 + max_refused_recipients);
    driver.take_output();
    driver.feed("RCPT TO:<taken@relay.example>\r\n");
    EXPECT_EQ(driver.take_output(), "452 4.5.3 Too many recipients\r\n");
    driver.feed("DATA\r\n.\r\n");
    EXPECT_EQ(driver.messages().size(), 1U);
}

// Names tried out behind one good recipient are known across transactions; lists that have some dead
// addresses are forgiven them.
TEST(SmtpSessionBounds, CountsNamesTriedAcrossTransactions) {
    tests::SmtpDriver driver;
    driver.check_recipient = [](const Path& path) {
        const bool taken = path.local_part().starts_with("taken");
        return taken ? tests::SmtpDriver::Refusal() : Reply(550, "5.1.1", "nobody");
    };
    driver.greet();
    const auto transaction = [&](int good, const char* good_name, int bad, const char* end) {
        driver.feed("MAIL FROM:<a@client.example>\r\n");
        for (int i = 0; i < good; ++i)
            driver.feed("RCPT TO:<" + std::string(good_name) + (good > 1 ? std::to_string(i) : "") +
                        "@relay.example>\r\n");
        for (int i = 0; i < bad; ++i)
            driver.feed("RCPT TO:<x@relay.example>\r\n");
        driver.feed(end);
    };
    driver.feed("EHLO client.example\r\n");
    for (std::size_t i = 1; i <= 20; ++i) {
        transaction(1, "taken", 3, i % 2 == 0 ? "RSET\r\n" : "EHLO client.example\r\n");
        EXPECT_EQ(driver.session().names_tried(), 3 * i);
        EXPECT_EQ(driver.session().recipients_refused(), 3 * i);
    }
    EXPECT_EQ(driver.session().errors(), 0U);
    transaction(1, "taken", 0, "DATA\r\n.\r\n");
    EXPECT_EQ(driver.session().names_tried(), 59U);
    transaction(50, "taken", 0, "DATA\r\n.\r\n");
    EXPECT_EQ(driver.session().names_tried(), 53U) << "one, and one for every ten";
    for (int i = 0; i < 50; ++i)
        driver.feed(i == 0 ? "MAIL FROM:<a@client.example>\r\nRCPT TO:<taken@relay.example>\r\n"
                           : "RCPT TO:<taken@relay.example>\r\n");
    driver.feed("DATA\r\n.\r\n");
    EXPECT_EQ(driver.session().names_tried(), 52U) << "the same one fifty times is one";
    driver.check_message = [](const auto&) {
        return tests::SmtpDriver::Refusal(Reply(550, "5.7.1", "No"));
    };
    transaction(50, "taken", 0, "DATA\r\n.\r\n");
    EXPECT_EQ(driver.session().names_tried(), 52U);
    EXPECT_EQ(driver.session().recipients_refused(), 60U);
}

// RFC 3030 §2: chunks behind a refused one are thrown away, as many octets as one message may have.
TEST(SmtpSessionBounds, ThrowsAwayNoMoreThanOneMessage) {
    auto options = tests::smtp_options();
    options.limits.message_size = 100;
    tests::SmtpDriver driver(options);
    driver.greet();
    driver.feed("EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<r@relay.example>\r\n");
    driver.take_output();
    driver.feed("BDAT 10\r\n123\n567890");
    EXPECT_TRUE(driver.take_output().starts_with("550 5.6.0 "));
    for (int i = 0; i < 9; ++i) {
        driver.feed("BDAT 10\r\n1234567890");
        EXPECT_TRUE(driver.take_output().starts_with("503 5.5.1 ")) << i;
    }
    driver.feed("BDAT 1\r\n1");
    EXPECT_TRUE(driver.take_output().starts_with("552 5.3.4 "));
    EXPECT_TRUE(driver.is_closed());
}

TEST(SmtpSessionBounds, EndsForTheDriversReasons) {
    for (const auto& [end, code, enhanced] : {std::tuple{&Session::on_too_many_commands, 421, "4.7.0"},
                                              std::tuple{&Session::on_end_of_session, 421, "4.4.2"}}) {
        Session session(std::make_shared<const SessionOptions>(smtp_options()), OfferedExtensions());
        session.greet();
        session.on_line("EHLO c");
        session.on_line("MAIL FROM:<a@client.example>");
        session.on_sender_checked(std::nullopt);
        const Close close = (session.*end)();
        EXPECT_EQ(close.reply.code(), code);
        EXPECT_EQ(close.reply.enhanced_code()->text(), enhanced);
        EXPECT_FALSE(session.envelope());
    }
}

}  // namespace
}  // namespace gatepost::server::smtp
