#include "tests/support/smtp_script.hpp"

#include "server/smtp/reply_reader.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace gatepost::tests {
namespace {

namespace smtp = server::smtp;

// Takes the first reply off `output`.
std::optional<smtp::Reply> take_reply(std::string& output) {
    smtp::ReplyReader reader;
    std::string_view rest = output;
    if (reader.read(rest) != smtp::ReplyReader::Status::reply) return std::nullopt;
    output.erase(0, output.size() - rest.size());
    return reader.reply();
}

void feed(SmtpDriver& driver, std::string_view octets, bool by_octet) {
    if (!by_octet) return driver.feed(octets);
    for (std::size_t i = 0; i < octets.size(); ++i)
        driver.feed(octets.substr(i, 1));
}

}  // namespace

SmtpScript::SmtpScript(smtp::SessionOptions options, smtp::OfferedExtensions offered)
    : options_(std::move(options)), offered_(offered) {
    expect(220, "");
}

SmtpScript& SmtpScript::with(std::function<void(SmtpDriver&)> setup) {
    setup_ = std::move(setup);
    return *this;
}

SmtpScript& SmtpScript::forgiving(smtp::ClientLeave leave) {
    leave_ = std::move(leave);
    return *this;
}

SmtpScript& SmtpScript::send(std::string_view line) {
    return send_raw(std::string(line) + "\r\n");
}

SmtpScript& SmtpScript::send_raw(std::string_view octets) {
    steps_.push_back([octets = std::string(octets)](SmtpDriver& driver, std::string&, bool by_octet) {
        feed(driver, octets, by_octet);
    });
    return *this;
}

SmtpScript& SmtpScript::expect(int code, std::string_view enhanced, std::string_view words) {
    steps_.push_back([code, enhanced = std::string(enhanced), words = std::string(words)](
                         SmtpDriver&, std::string& output, bool) {
        const auto reply = take_reply(output);
        ASSERT_TRUE(reply) << "no reply, but " << code << " was expected";
        EXPECT_EQ(reply->code(), code) << reply->wire();
        const auto got = reply->enhanced_code() ? reply->enhanced_code()->text() : std::string();
        if (enhanced != "*") {
            EXPECT_EQ(got, enhanced) << reply->wire();
        }
        EXPECT_NE(reply->text().find(words), std::string::npos) << words << " is not in " << reply->wire();
    });
    return *this;
}

SmtpScript& SmtpScript::expect_nothing() {
    steps_.push_back([](SmtpDriver&, std::string& output, bool) { EXPECT_EQ(output, ""); });
    return *this;
}

SmtpScript& SmtpScript::expect_close() {
    steps_.push_back([](SmtpDriver& driver, std::string& output, bool) {
        EXPECT_TRUE(driver.is_closed());
        EXPECT_EQ(output, "");
    });
    return *this;
}

SmtpScript& SmtpScript::handshake() {
    steps_.push_back([](SmtpDriver& driver, std::string&, bool) {
        ASSERT_TRUE(driver.awaits_handshake());
        driver.finish_handshake();
    });
    return *this;
}

SmtpScript& SmtpScript::expect_messages(std::size_t count, std::string_view last_content) {
    steps_.push_back([count, content = std::string(last_content)](SmtpDriver& driver, std::string&, bool) {
        ASSERT_EQ(driver.messages().size(), count);
        if (!content.empty()) {
            EXPECT_EQ(driver.messages().back().content, content);
        }
    });
    return *this;
}

void SmtpScript::run() const {
    play(steps_.size(), false, false);
    play(steps_.size(), true, false);
    for (std::size_t count = 1; count <= steps_.size(); ++count)
        play(count, false, true);
}

void SmtpScript::play(std::size_t count, bool by_octet, bool silent_at_end) const {
    SmtpDriver driver(options_, offered_, leave_);
    setup_(driver);
    driver.greet();
    std::string output;
    for (std::size_t i = 0; i < count; ++i) {
        SCOPED_TRACE("step " + std::to_string(i) + (by_octet ? ", octet by octet" : ""));
        output += driver.take_output();
        steps_[i](driver, output, by_octet);
        if (testing::Test::HasFatalFailure()) return;
    }
    output += driver.take_output();
    if (!silent_at_end) {
        EXPECT_EQ(output, "") << "replies that the script does not expect";
        return;
    }
    if (driver.is_closed()) return;
    driver.time_out();
    EXPECT_TRUE(driver.is_closed());
    EXPECT_TRUE(driver.take_output().starts_with("421 4.4.2 "));
}

SmtpScript greeted(server::smtp::SessionOptions options) {
    SmtpScript script(std::move(options));
    script.send(hello).expect(250, "");
    return script;
}

}  // namespace gatepost::tests
