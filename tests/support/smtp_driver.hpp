// A server around smtp::Session without sockets: octets in, octets out. It does what a real driver does, in
// the same order, and holds replies back as RFC 2920 §3.2 allows.
#pragma once

#include "server/smtp/chunk_decoder.hpp"
#include "server/smtp/data_decoder.hpp"
#include "server/smtp/line_reader.hpp"
#include "server/smtp/session.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tests {

struct ReceivedMessage {
    server::smtp::Envelope envelope;
    std::string content;
};

// hostname mx.example, domains relay.example and second.example, STARTTLS offered.
server::smtp::SessionOptions smtp_options();

class SmtpDriver {
  public:
    using Refusal = std::optional<server::smtp::Reply>;

    explicit SmtpDriver(server::smtp::SessionOptions options = smtp_options(),
                        server::smtp::OfferedExtensions offered = {}, server::smtp::ClientLeave leave = {});

    void greet();
    // Octets of one read. Nothing happens once closed.
    void feed(std::string_view octets);
    void finish_handshake();
    void time_out();
    // What has been sent since the last call.
    std::string take_output();
    bool is_closed() const { return closed_; }
    bool awaits_handshake() const { return handshake_; }
    const server::smtp::Session& session() const { return session_; }
    // Messages that were answered 2xx.
    const std::vector<ReceivedMessage>& messages() const { return messages_; }

    // What the outside says; all take everything by default.
    std::function<Refusal()> check_sender = [] {
        return Refusal();
    };
    std::function<Refusal(const server::smtp::Path&)> check_recipient = [](const auto&) {
        return Refusal();
    };
    std::function<Refusal(const std::string&)> check_message = [](const auto&) {
        return Refusal();
    };

  private:
    void feed_lines(std::string_view& input);
    void feed_message(std::string_view& input);
    void feed_chunk(std::string_view& input);
    void finish_message(const server::smtp::ContentFraming& framing);
    void begin_chunk(const server::smtp::ReceiveChunk& chunk);
    void act(server::smtp::Action action);
    void send(const server::smtp::Reply& reply, bool flush_may_wait);
    void flush();
    static Refusal framing_refusal(const server::smtp::ContentFraming& framing);
    server::smtp::Reply message_reply(const server::smtp::ContentFraming& framing) const;

    std::shared_ptr<const server::smtp::SessionOptions> options_;
    server::smtp::Session session_;
    server::smtp::LineReader lines_;
    std::optional<server::smtp::DataDecoder> decoder_;
    std::optional<server::smtp::ChunkDecoder> chunks_;
    std::optional<server::smtp::ReceiveChunk> chunk_;  // under way
    server::smtp::ChunkReader skipped_{0};
    std::string content_;
    std::string pending_;  // replies that wait for more of their group
    std::string output_;
    bool handshake_ = false;
    bool closed_ = false;
    std::vector<ReceivedMessage> messages_;
};

}  // namespace gatepost::tests
