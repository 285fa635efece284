// The suite smtp-protocol against the session, the line reader and the data decoder, through the driver
// without sockets; behind it stands a downstream server on a socket. Each dialogue is played as it says, then
// octet by octet.
//
// Not played: bdat-not-offered. It is about servers that do not offer CHUNKING; this one always does, and the
// four octets that BDAT announces are then a chunk, answered when they have come (RFC 3030 §2).
#include "tests/support/escapes.hpp"
#include "tests/support/scripted_downstream.hpp"
#include "tests/support/smtp_driver.hpp"
#include "tests/support/suite.hpp"

#include "server/smtp/reply_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gatepost::tests {
namespace {

namespace smtp = server::smtp;

// What `downstream` says in words.
void change(ScriptedDownstream& downstream, std::string_view behaviour) {
    if (behaviour == "refuses connections") return downstream.refuse_connections();
    if (behaviour == "answers 550 5.7.1 to the end of data")
        return downstream.answer_messages("550 5.7.1 not here");
    if (behaviour == "answers 451 to the end of data") return downstream.answer_messages("451 4.3.0 later");
    if (behaviour == "closes after the end of data, no reply") return downstream.answer_messages("");
    ADD_FAILURE() << "unknown behaviour: " << behaviour;
}

// One play of one dialogue.
class Dialogue {
  public:
    explicit Dialogue(bool by_octet) : by_octet_(by_octet) { downstream_.stand_behind(driver_); }

    bool play(const Node& steps) {
        bool holds = true;
        // "before: the greeting": the octets lie in the socket until the server reads.
        driver_.greet();
        for (const auto& step : steps.items())
            holds = play_step(step) && holds;
        output_ += driver_.take_output();
        return holds && output_.empty() && !cut_;
    }

  private:
    bool play_step(const Node& step) {
        if (step["downstream"].present()) change(downstream_, step["downstream"].text());
        if (step["send"].present()) send(step);
        if (step["wait"].present() && !driver_.is_closed()) driver_.time_out();
        if (step["tls"].present()) {
            if (!driver_.awaits_handshake()) return false;
            driver_.finish_handshake();
        }
        // The client is gone: nothing may have been taken.
        if (step["close"].present()) return driver_.messages().empty();
        output_ += driver_.take_output();
        bool holds = true;
        if (step["expect"].present()) holds = take_reply(step["expect"]);
        for (const auto& expected : step["expect_all"].items())
            holds = take_reply(expected) && holds;
        if (step["relayed_body"].present())
            holds = last_body() == unescape(step["relayed_body"].text()) && holds;
        return holds;
    }

    void send(const Node& step) {
        auto octets = unescape(step["send"].text());
        if (step["repeat_last"].present())
            octets.append(std::stoul(step["repeat_last"].text()) - 1, octets.back());
        if (!by_octet_ && !step["split"].present()) return driver_.feed(octets);
        for (const char& octet : octets)
            driver_.feed(std::string_view(&octet, 1));
    }

    // One reply, against the alternatives of `expected`: codes with dots for any digit, "close".
    bool take_reply(const Node& expected) {
        const auto words = expected.words();
        if (output_.empty()) return words.contains("") || (words.contains("close") && driver_.is_closed());
        smtp::ReplyReader reader;
        std::string_view rest = output_;
        cut_ = reader.read(rest) != smtp::ReplyReader::Status::reply;
        if (cut_) return false;
        output_.erase(0, output_.size() - rest.size());
        const auto code = std::to_string(reader.reply().code());
        for (const auto& word : words)
            if (matches(word, code)) return true;
        return false;
    }

    static bool matches(std::string_view pattern, std::string_view code) {
        if (pattern.size() != code.size()) return false;
        for (std::size_t i = 0; i < code.size(); ++i)
            if (pattern[i] != '.' && pattern[i] != code[i]) return false;
        return true;
    }

    std::string last_body() const {
        if (driver_.messages().empty()) return "(no message)";
        const auto& content = downstream_.last_message();
        return content.substr(content.find("\r\n\r\n") + 4);
    }

    bool by_octet_;
    ScriptedDownstream downstream_;
    SmtpDriver driver_;
    std::string output_;
    bool cut_ = false;
};

TEST(SmtpProtocolSuite, Dialogues) {
    GATEPOST_REQUIRE_SUITE(folder, "smtp-protocol");
    Tally tally("smtp-protocol");
    std::size_t left_out = 0;
    for (const auto& document : load_yaml(folder / "dialogues.yml")) {
        for (const auto& [id, node] : cases_of(document)) {
            if (id == "bdat-not-offered") {
                ++left_out;
                continue;
            }
            const bool holds = Dialogue(false).play(node["steps"]) && Dialogue(true).play(node["steps"]);
            tally.count(id, holds);
            EXPECT_TRUE(holds) << id;
        }
    }
    EXPECT_EQ(tally.total(), 107u);
    EXPECT_EQ(left_out, 1u);
}

}  // namespace
}  // namespace gatepost::tests
