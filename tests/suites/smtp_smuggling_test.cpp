// The suite smtp-smuggling: octets that look like the end of data must not end it, nothing ambiguous is
// relayed, and no command hides in another.
//
// bdat-dot announces 12 octets of a message of 13: what it sends ends in a bare CR, which is refused (RFC
// 5321 §2.3.8), and the LF behind it ends the connection. It is played as it stands, and once more with the
// right number.
#include "tests/support/escapes.hpp"
#include "tests/support/smtp_driver.hpp"
#include "tests/support/suite.hpp"

#include "server/smtp/data_encoder.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::tests {
namespace {

namespace smtp = server::smtp;

std::string octets_of_hex(std::string_view hex) {
    std::string escaped;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        escaped += "\\x" + std::string(hex.substr(i, 2));
    return unescape(escaped);
}

// What the downstream server would get: one end of data, at the very end, and no bare CR or LF anywhere.
bool is_safe_to_relay(const std::string& content) {
    smtp::DataEncoder encoder;
    std::string wire;
    if (!encoder.encode(content, wire) || !encoder.finish(wire)) return false;
    for (std::size_t i = 0; i < wire.size(); ++i) {
        if (wire[i] == '\n' && (i == 0 || wire[i - 1] != '\r')) return false;
        if (wire[i] == '\r' && (i + 1 == wire.size() || wire[i + 1] != '\n')) return false;
        if (wire[i] == '\0') return false;
    }
    return ("\r\n" + wire).find("\r\n.\r\n") + 3 == wire.size();
}

// A client that is forgiven whatever can be: framing is not.
smtp::ClientLeave every_leave() {
    smtp::ClientLeave leave;
    leave.forgiven_by = [](policy::Forgiven, std::string_view) {
        return std::optional<std::string>("");
    };
    leave.name_of_nameless = [] {
        return std::string("[10.20.3.7]");
    };
    return leave;
}

// The stream after 354 in segments that end at `cuts`.
bool holds_for(smtp::ClientLeave leave, const std::string& commands, const std::string& stream,
               std::vector<std::size_t> cuts, bool is_end) {
    auto options = smtp_options();
    options.unqualified_domain = options.domains.front();
    SmtpDriver driver(options, {}, std::move(leave));
    driver.greet();
    driver.feed(commands);
    cuts.push_back(stream.size());
    std::size_t from = 0;
    for (const auto cut : cuts) {
        driver.feed(std::string_view(stream).substr(from, cut - from));
        from = cut;
    }
    for (const auto& message : driver.messages())
        if (!is_safe_to_relay(message.content)) return false;
    // One end of data in the stream where the payload is none: one message, taken or refused.
    if (!is_end) return driver.session().messages() == 1 && driver.messages().size() <= 1;
    return driver.session().messages() >= 1;
}

bool holds(const std::string& commands, const std::string& stream, const std::vector<std::size_t>& cuts,
           bool is_end) {
    return holds_for({}, commands, stream, cuts, is_end) &&
           holds_for(every_leave(), commands, stream, cuts, is_end);
}

TEST(SmtpSmugglingSuite, Payloads) {
    GATEPOST_REQUIRE_SUITE(folder, "smtp-smuggling");
    const auto document = load_yaml(folder / "payloads.yml").front();
    const auto commands = unescape(document["template_escaped"].text()) + "\r\n";
    const auto before = unescape(document["message_before_escaped"].text());
    const auto after = unescape(document["message_after_escaped"].text());
    Tally tally("smtp-smuggling payloads");
    for (const auto& [id, node] : cases_of(document, "payloads")) {
        const auto payload = octets_of_hex(node["bytes_hex"].text());
        const auto stream = before + payload + after;
        const bool is_end = node["is_end_of_data"].truth_or(false);
        std::vector<std::size_t> every_octet;
        for (std::size_t i = 1; i < stream.size(); ++i)
            every_octet.push_back(i);
        bool all = holds(commands, stream, {}, is_end) && holds(commands, stream, every_octet, is_end);
        for (std::size_t cut = 0; cut <= payload.size(); ++cut)
            all = all && holds(commands, stream, {before.size() + cut}, is_end);
        tally.count(id, all);
        EXPECT_TRUE(all) << id;
    }
    EXPECT_EQ(tally.total(), 37u);
}

// What the suite tells in words, told in code. Each gets the driver after the octets of the case.
const std::map<std::string, std::function<bool(SmtpDriver&, const std::string& output)>, std::less<>>
    command_checks = {
        {"cmd-bare-lf",
         [](SmtpDriver& driver, const auto& output) {
             return output.starts_with("500 ") && driver.is_closed() && !driver.session().envelope();
         }},
        {"cmd-bare-cr",
         [](SmtpDriver& driver, const auto& output) {
             return output.starts_with("500 ") && !driver.session().envelope();
         }},
        {"cmd-nul",
         [](SmtpDriver& driver, const auto& output) {
             return output.starts_with("500 ") && !driver.session().envelope();
         }},
        // The second line is a RCPT of its own, out of order, and has garbage behind its path.
        {"cmd-crlf-in-arg",
         [](SmtpDriver& driver, const auto& output) {
             return output.starts_with("501 ") && output.find("\r\n503 ") != std::string::npos &&
                    !driver.session().envelope();
         }},
        {"starttls-injection",
         [](SmtpDriver& driver, const auto&) {
             if (!driver.awaits_handshake()) return false;
             driver.finish_handshake();
             driver.feed("EHLO client.example\r\nRCPT TO:<rcpt@relay.example>\r\n");
             return driver.take_output().find("\r\n503 ") != std::string::npos;
         }},
        {"pipelined-after-data",
         [](SmtpDriver& driver, const auto& output) {
             return output.starts_with("354 ") && driver.messages().size() == 1 &&
                    driver.messages().front().content == "From: a@client.example\r\n\r\nx\r\n" &&
                    driver.session().envelope();
         }},
        // Exactly ten octets are the message's; the rest is a command line that is none.
        {"bdat-short",
         [](SmtpDriver& driver, const auto& output) {
             return output.starts_with("250 ") && output.find("\r\n500 ") != std::string::npos &&
                    driver.messages().size() == 1 && driver.messages().front().content == "12345MAIL \r\n" &&
                    !driver.session().envelope();
         }},
        {"bdat-dot",
         [](SmtpDriver& driver, const auto& output) {
             if (!output.starts_with("550 ") || !driver.messages().empty() || !driver.is_closed())
                 return false;
             SmtpDriver again;
             again.greet();
             again.feed("EHLO x\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<rcpt@relay.example>\r\n");
             again.feed("BDAT 13 LAST\r\nabc\r\n.\r\nxyz\r\n");
             if (again.messages().size() != 1) return false;
             const auto& content = again.messages().front().content;
             return content == "abc\r\n.\r\nxyz\r\n" && is_safe_to_relay(content);
         }},
        {"bdat-huge",
         [](SmtpDriver& driver, const auto& output) {
             return output.starts_with("552 ") && driver.is_closed() && driver.messages().empty();
         }},
        {"bdat-negative",
         [](SmtpDriver& driver, const auto& output) {
             return output.starts_with("501 ") && driver.is_closed() && driver.messages().empty();
         }},
        {"http",
         [](SmtpDriver& driver, const auto& output) {
             return output.starts_with("421 ") && driver.is_closed();
         }},
};

TEST(SmtpSmugglingSuite, Commands) {
    GATEPOST_REQUIRE_SUITE(folder, "smtp-smuggling");
    const auto document = load_yaml(folder / "payloads.yml").front();
    Tally tally("smtp-smuggling commands");
    for (const auto& [id, node] : cases_of(document, "command_smuggling")) {
        const auto check = command_checks.find(id);
        ASSERT_NE(check, command_checks.end()) << id;
        SmtpDriver driver;
        driver.greet();
        driver.feed("EHLO client.example\r\n");
        if (id == "pipelined-after-data" || id.starts_with("bdat-"))
            driver.feed("MAIL FROM:<a@client.example>\r\nRCPT TO:<rcpt@relay.example>\r\n");
        driver.take_output();
        driver.feed(unescape(node["send_escaped"].text()));
        const bool good = check->second(driver, driver.take_output());
        tally.count(id, good);
        EXPECT_TRUE(good) << id;
    }
    EXPECT_EQ(tally.total(), 11u);
}

}  // namespace
}  // namespace gatepost::tests
