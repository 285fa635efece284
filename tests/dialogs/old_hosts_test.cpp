// Hosts of old: MAIL and RCPT without brackets, addresses without a domain, HELO without a name; and lines
// that end in LF, which nobody is forgiven.
#include "tests/support/smtp_script.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace gatepost::tests {
namespace {

namespace smtp = server::smtp;
using policy::Forgiven;

// A client at 10.20.3.7, in own_networks.
smtp::ClientLeave own() {
    smtp::ClientLeave leave;
    leave.forgiven_by = [](Forgiven, std::string_view) {
        return std::optional<std::string>("");
    };
    leave.name_of_nameless = [] {
        return std::string("[10.20.3.7]");
    };
    return leave;
}

// One that an exemption forgives `what` for mail of this reverse-path.
smtp::ClientLeave exempted(Forgiven what, std::string mail_from) {
    smtp::ClientLeave leave;
    leave.forgiven_by = [what, only = std::move(mail_from)](Forgiven asked, std::string_view from) {
        return asked == what && from == only ? std::optional<std::string>("old-host") : std::nullopt;
    };
    return leave;
}

smtp::SessionOptions completing(const char* domain = "relay.example") {
    auto options = smtp_options();
    if (domain != nullptr) options.unqualified_domain = dns::DomainName::parse(domain).value();
    return options;
}

struct Case {
    const char* from;
    const char* to;
    std::vector<int> own;  // the replies to both, up to the first refusal
    const char* sender = "";
    const char* recipient = "";
};

const std::vector<Case> cases = {
    {"root@db1.example.com",
     "<rcpt@relay.example>",
     {250, 250},
     "root@db1.example.com",
     "rcpt@relay.example"},
    {" root@db1.example.com SIZE=10",
     "rcpt@relay.example",
     {250, 250},
     "root@db1.example.com",
     "rcpt@relay.example"},
    {"<root>", "<root>", {250, 250}, "root@relay.example", "root@relay.example"},
    {"root", "root", {250, 250}, "root@relay.example", "root@relay.example"},
    {"<\"root\">", "\"a b\"", {250, 250}, "\"root\"@relay.example", "\"a b\"@relay.example"},
    {"<postmaster>", "postmaster", {250, 250}, "postmaster@relay.example", "postmaster@relay.example"},
    {"root@db1.example.com FOO=BAR", "", {555}},
    {"root@", "", {501}},
    {"root>", "", {501}},
    {"<root", "", {501}},
    {"", "", {501}},
    {"root@-x.example", "", {501}},
    {"j\xc3\xbcrgen", "", {553}},
    {"<>", "x@elsewhere.example", {250, 550}},     // no exemption lets anyone relay
    {"<>", "user%elsewhere.example", {250, 550}},  // nor by its local part
    {"<>", "<@relay.example:root>", {250, 501}},
    {"<>", "<>", {250, 501}},
};

SmtpScript dialog(const Case& c, smtp::SessionOptions options, const std::vector<int>& codes) {
    SmtpScript script = greeted(std::move(options));
    script.send(std::string("MAIL FROM:") + c.from).expect(codes[0]);
    if (codes.size() > 1) script.send(std::string("RCPT TO:") + c.to).expect(codes[1]);
    return script;
}

TEST(OldHosts, AreTakenFromOwnNetworks) {
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.from) + " to " + c.to);
        SmtpScript script = dialog(c, completing(), c.own);
        if (c.own.back() == 250) {
            script.send("DATA").expect(354).send(".").expect(250);
            script.with([&](SmtpDriver& driver) {
                driver.check_message = [&](const std::string&) {
                    EXPECT_EQ(driver.session().envelope()->reverse_path.mailbox(), c.sender);
                    EXPECT_EQ(driver.session().envelope()->recipients.at(0).forward_path.mailbox(),
                              c.recipient);
                    EXPECT_EQ(driver.session().envelope()->forgiven_by, std::vector<std::string>());
                    return SmtpDriver::Refusal();
                };
            });
        }
        script.forgiving(own()).run();
    }
}

// PRODUCT.md: "beyond these exemptions to nobody: 501".
TEST(OldHosts, AreStrangersElsewhere) {
    for (const char* from : {"root@db1.example.com", "<root>", "root", "<postmaster>"}) {
        SCOPED_TRACE(from);
        greeted(completing()).send(std::string("MAIL FROM:") + from).expect(501, "5.1.7").run();
    }
    for (const char* to : {"rcpt@relay.example", "<root>", "root", "postmaster"}) {
        SCOPED_TRACE(to);
        greeted(completing())
            .send(mail)
            .expect(250)
            .send(std::string("RCPT TO:") + to)
            .expect(501, "5.1.3")
            .run();
    }
    greeted(completing("elsewhere.example"))
        .send(mail)
        .expect(250)
        .send("RCPT TO:<root>")
        .expect(501, "5.1.3")
        .run();
}

TEST(OldHosts, WithoutADomainToCompleteByAreNotCompleted) {
    greeted(completing(nullptr))
        .forgiving(own())
        .send("MAIL FROM:<root>")
        .expect(501, "5.1.7")
        .send("MAIL FROM:root")
        .expect(501, "5.1.7")
        .send("MAIL FROM:root@db1.example.com")
        .expect(250)
        .send("RCPT TO:<root>")
        .expect(501, "5.1.3")
        .send("RCPT TO:postmaster")
        .expect(250)
        .run();
}

// Each of the two is forgiven for itself, by an exemption whose condition may ask for the reverse-path.
TEST(OldHosts, AreExemptedOneByOne) {
    greeted(completing())
        .forgiving(exempted(Forgiven::bare_path, "root@db1.example.com"))
        .send("MAIL FROM:other@db1.example.com")
        .expect(501)
        .send("MAIL FROM:<root>")
        .expect(501)
        .send("MAIL FROM:root")
        .expect(501)
        .send("MAIL FROM:root@db1.example.com")
        .expect(250)
        .send("RCPT TO:<root>")
        .expect(501)
        .send("RCPT TO:root@relay.example")
        .expect(250)
        .send("DATA")
        .expect(354)
        .with([](SmtpDriver& driver) {
            driver.check_message = [&](const std::string&) {
                EXPECT_EQ(driver.session().envelope()->forgiven_by, std::vector<std::string>{"old-host"});
                return SmtpDriver::Refusal();
            };
        })
        .send(".")
        .expect(250)
        .run();
    greeted(completing())
        .forgiving(exempted(Forgiven::unqualified, "root@relay.example"))
        .send("MAIL FROM:root")
        .expect(501)
        .send("MAIL FROM:<root>")
        .expect(250)
        .send("RCPT TO:root@relay.example")
        .expect(501)
        .send("RCPT TO:<admin>")
        .expect(250)
        .run();
}

// RFC 3461 §4.2: what a notification names is what the envelope has.
TEST(OldHosts, HaveTheirOriginalRecipientCompletedToo) {
    struct {
        const char* recipient;
        const char* given;
        const char* passed_on;
    } const table[] = {
        {"<root>", "rfc822;root", "rfc822;root@relay.example"},
        {"root", "RFC822;ro+6Ft", "RFC822;ro+6Ft@relay.example"},
        {"<root>", "rfc822;admin", "rfc822;admin"},
        {"<root>", "rfc822;root@db1.example", "rfc822;root@db1.example"},
        {"<root>", "x400;root", "x400;root"},
        {"<root@relay.example>", "rfc822;root", "rfc822;root"},
    };
    for (const auto& row : table) {
        SCOPED_TRACE(row.given);
        smtp::OfferedExtensions offered;
        offered.dsn = true;
        SmtpDriver driver(completing(), offered, own());
        driver.greet();
        driver.feed("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:" + std::string(row.recipient) +
                    " ORCPT=" + row.given + "\r\n");
        ASSERT_EQ(driver.session().envelope()->recipients.size(), 1U) << driver.take_output();
        EXPECT_EQ(driver.session().envelope()->recipients[0].dsn.orcpt, row.passed_on);
    }
}

TEST(OldHosts, MayHaveNoName) {
    for (const char* hello : {"HELO", "HELO ", "helo  "}) {
        SCOPED_TRACE(hello);
        SmtpScript().send(hello).expect(501, "5.5.4").send(mail).expect(503).run();
        SmtpScript()
            .forgiving(own())
            .with([](SmtpDriver& driver) {
                driver.check_sender = [&] {
                    EXPECT_EQ(driver.session().helo(), "[10.20.3.7]");
                    EXPECT_FALSE(driver.session().helo_domain());
                    EXPECT_EQ(driver.session().transmission_type(), "SMTP");
                    return SmtpDriver::Refusal();
                };
            })
            .send(hello)
            .expect(250)
            .send(mail)
            .expect(250)
            .run();
    }
    SmtpScript().forgiving(own()).send("EHLO").expect(501, "5.5.4").run();
    SmtpScript().forgiving(exempted(Forgiven::unqualified, "")).send("HELO").expect(501, "5.5.4").run();
}

// PRODUCT.md: a bare LF outside of data ends the connection, from everyone, and nothing behind it is carried
// out.
TEST(BareLf, EndsTheConnection) {
    for (const bool forgiven : {false, true}) {
        const auto from = [&](const char* octets) {
            SmtpScript script = greeted(completing());
            if (forgiven) script.forgiving(own());
            return script.send_raw(octets);
        };
        const std::string group = std::string(mail) + "\r\n" + rcpt + "\n" + "DATA\r\nx\r\n.\r\n";
        from("NOOP\n").expect(500, "5.5.2").expect_close().run();
        from("\n").expect(500, "5.5.2").expect_close().run();
        from("\nQUIT\r\n").expect(500, "5.5.2").expect_close().run();
        from("NOOP\n\r\nNOOP\r\n").expect(500, "5.5.2").expect_close().run();
        from("EHLO x\nMAIL FROM:<a@client.example>\n").expect(500, "5.5.2").expect_close().run();
        from("MAIL FROM:<a@client.example>\nRCPT TO:<rcpt@relay.example>\r\n")
            .expect(500, "5.5.2")
            .expect_close()
            .run();
        from("MAIL FROM:<a@client.example>\rRCPT TO:<rcpt@relay.example>\n")
            .expect(500, "5.5.2")
            .expect_close()
            .run();
        from("BDAT 5 LAST\nNOOP\r\n").expect(500, "5.5.2").expect_close().run();
        // What stood before it in its group is answered.
        from(group.c_str()).expect(250).expect(500, "5.5.2").expect_close().expect_messages(0).run();
    }
    greeted()
        .send_raw(std::string(5000, 'x') + "\nNOOP\r\n")
        .expect(500, "5.5.2", "bare LF")
        .expect_close()
        .run();
}

// A refused DATA makes lines of a message commands: they end in what they end in.
TEST(BareLf, EndsItBehindARefusedMessageToo) {
    greeted()
        .send_raw("DATA\r\nSubject: x\n\nMAIL FROM:<a@client.example>\r\n")
        .expect(503, "5.5.1")
        .expect(500, "5.5.2", "bare LF")
        .expect_close()
        .run();
}

// Nothing but CRLF.CRLF ends data, whatever is forgiven to the client.
TEST(BareLf, EndsNoData) {
    for (const char* end :
         {"\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\n.\r", "\r\n\r.\r\n"}) {
        SCOPED_TRACE(end);
        SmtpScript script = greeted(completing());
        script.forgiving(own())
            .send("MAIL FROM:root")
            .expect(250)
            .send("RCPT TO:root")
            .expect(250)
            .send("DATA");
        script.expect(354)
            .send_raw(std::string("outer") + end +
                      "MAIL FROM:<b@client.example>\r\nRCPT TO:<rcpt@relay.example>\r\n")
            .expect_nothing()
            .send_raw(".\r\n")
            .expect(550, "5.6.0")
            .expect_messages(0)
            .run();
    }
}

}  // namespace
}  // namespace gatepost::tests
