// A dialog with the server as a script: .send("MAIL FROM:<>").expect(250, "2.1.0"). run() plays it whole,
// then octet by octet, then with the client falling silent after each step.
#pragma once

#include "tests/support/smtp_driver.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tests {

class SmtpScript {
  public:
    explicit SmtpScript(server::smtp::SessionOptions options = smtp_options(),
                        server::smtp::OfferedExtensions offered = {});

    // Changes what the outside of the session says, before the greeting.
    SmtpScript& with(std::function<void(SmtpDriver&)> setup);
    // What is forgiven to the client.
    SmtpScript& forgiving(server::smtp::ClientLeave leave);
    // One or more command lines; CRLF is added at the end.
    SmtpScript& send(std::string_view line);
    SmtpScript& send_raw(std::string_view octets);
    // The next reply: its code, its enhanced code ("" none, "*" any), and words its text contains.
    SmtpScript& expect(int code, std::string_view enhanced = "*", std::string_view words = "");
    SmtpScript& expect_nothing();  // no reply is waiting
    SmtpScript& expect_close();    // the server has closed
    SmtpScript& handshake();       // makes the TLS handshake that STARTTLS asked for
    // The messages taken so far; content of the last one.
    SmtpScript& expect_messages(std::size_t count, std::string_view last_content = "");

    // A greeting with 220 is expected first by itself.
    void run() const;

  private:
    using Step = std::function<void(SmtpDriver&, std::string& output, bool by_octet)>;
    void play(std::size_t count, bool by_octet, bool silent_at_end) const;

    server::smtp::SessionOptions options_;
    server::smtp::OfferedExtensions offered_;
    server::smtp::ClientLeave leave_;
    std::function<void(SmtpDriver&)> setup_ = [](SmtpDriver&) {
    };
    std::vector<Step> steps_;
};

// What most dialogs say.
inline constexpr const char* hello = "EHLO client.example";
inline constexpr const char* mail = "MAIL FROM:<a@client.example>";
inline constexpr const char* rcpt = "RCPT TO:<rcpt@relay.example>";

// EHLO has been answered.
SmtpScript greeted(server::smtp::SessionOptions options = smtp_options());

}  // namespace gatepost::tests
