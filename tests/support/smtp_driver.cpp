#include "tests/support/smtp_driver.hpp"

#include <utility>

namespace gatepost::tests {

namespace smtp = server::smtp;

smtp::SessionOptions smtp_options() {
    smtp::SessionOptions options;
    options.hostname = "mx.example";
    options.domains = {*dns::DomainName::parse("relay.example"), *dns::DomainName::parse("second.example")};
    options.tls = smtp::TlsMode::starttls;
    return options;
}

SmtpDriver::SmtpDriver(smtp::SessionOptions options, smtp::OfferedExtensions offered, smtp::ClientLeave leave)
    : options_(std::make_shared<const smtp::SessionOptions>(std::move(options))),
      session_(options_, offered, std::move(leave)) {}

void SmtpDriver::greet() {
    act(session_.greet());
    flush();
}

void SmtpDriver::feed(std::string_view octets) {
    while (!octets.empty() && !closed_) {
        if (handshake_) {  // octets of another protocol: the handshake fails
            closed_ = true;
        } else if (decoder_) {
            feed_message(octets);
        } else if (chunk_) {
            feed_chunk(octets);
        } else {
            feed_lines(octets);
        }
    }
    flush();
}

void SmtpDriver::feed_lines(std::string_view& input) {
    switch (lines_.read(input)) {
        case smtp::LineReader::Status::need_more:
            return;
        case smtp::LineReader::Status::line:
            act(session_.on_line(lines_.line()));
            break;
        case smtp::LineReader::Status::too_long:
            act(session_.on_line_too_long(lines_.line()));
            break;
        case smtp::LineReader::Status::bad:
            act(session_.on_bad_line(lines_.fault(), lines_.line()));
            break;
    }
    if (handshake_)
        input = {};  // RFC 3207 §4.2: what came before the handshake is not the peer's of after it
}

void SmtpDriver::feed_message(std::string_view& input) {
    if (!decoder_->decode(input, content_)) return;
    const auto framing = decoder_->framing();
    decoder_.reset();
    finish_message(framing);
}

void SmtpDriver::finish_message(const smtp::ContentFraming& framing) {
    const auto reply = message_reply(framing);
    if (reply.is_positive()) messages_.push_back({*session_.envelope(), content_});
    content_.clear();
    act(session_.on_message_done(reply));
}

void SmtpDriver::begin_chunk(const smtp::ReceiveChunk& chunk) {
    chunk_ = chunk;
    skipped_ = smtp::ChunkReader(chunk.octets);
    if (chunk.keep && chunk.first) {
        chunks_.emplace(session_.message_size());
        content_.clear();
    }
    if (chunk.keep) chunks_->begin_chunk(chunk.octets, chunk.last);
    std::string_view none;
    if (chunk.octets == 0) feed_chunk(none);
}

void SmtpDriver::feed_chunk(std::string_view& input) {
    if (!chunk_->keep) {
        skipped_.take(input);
        if (!skipped_.is_done()) return;
        chunk_.reset();
        return act(session_.on_chunk_done(std::nullopt));
    }
    if (!chunks_->decode(input, content_)) return;
    const bool last = chunk_->last;
    chunk_.reset();
    if (last) return finish_message(chunks_->framing());
    act(session_.on_chunk_done(framing_refusal(chunks_->framing())));
}

SmtpDriver::Refusal SmtpDriver::framing_refusal(const smtp::ContentFraming& framing) {
    if (framing.fault()) return smtp::Reply(550, "5.6.0", "Bare CR, bare LF or NUL in the message");
    if (framing.is_over_limit()) return smtp::Reply(552, "5.3.4", "Message too big");
    return std::nullopt;
}

smtp::Reply SmtpDriver::message_reply(const smtp::ContentFraming& framing) const {
    if (auto refusal = framing_refusal(framing)) return *refusal;
    if (auto refusal = check_message(content_)) return *refusal;
    return smtp::Reply(250, "2.6.0", "Message accepted");
}

void SmtpDriver::act(smtp::Action action) {
    if (const auto* reply = std::get_if<smtp::SendReply>(&action))
        return send(reply->reply, reply->flush_may_wait);
    if (std::holds_alternative<smtp::CheckSender>(action))
        return act(session_.on_sender_checked(check_sender()));
    if (const auto* check = std::get_if<smtp::CheckRecipient>(&action))
        return act(session_.on_recipient_checked(check_recipient(check->recipient.forward_path)));
    if (const auto* receive = std::get_if<smtp::ReceiveMessage>(&action)) {
        decoder_.emplace(session_.message_size());
        content_.clear();
        return send(receive->reply, false);
    }
    if (const auto* chunk = std::get_if<smtp::ReceiveChunk>(&action)) return begin_chunk(*chunk);
    if (const auto* tls = std::get_if<smtp::StartTls>(&action)) {
        lines_.reset();
        handshake_ = true;
        return send(tls->reply, false);
    }
    if (std::holds_alternative<smtp::ChangeClient>(action)) return act(session_.on_client_changed({}));
    closed_ = true;
    send(std::get<smtp::Close>(action).reply, false);
}

void SmtpDriver::finish_handshake() {
    session_.on_tls_established();
    handshake_ = false;
}

void SmtpDriver::time_out() {
    act(session_.on_timeout());
}

void SmtpDriver::send(const smtp::Reply& reply, bool flush_may_wait) {
    pending_ += reply.wire();
    if (!flush_may_wait) flush();
}

void SmtpDriver::flush() {
    output_ += std::exchange(pending_, {});
}

std::string SmtpDriver::take_output() {
    return std::exchange(output_, {});
}

}  // namespace gatepost::tests
