// A whole session from octets: the first chooses the listener and what the outside answers, the rest is what
// the client sends. Whatever comes, each event has one action, replies stay well-formed, and the envelope
// holds only recipients of ours.
#include "server/smtp/chunk_decoder.hpp"
#include "server/smtp/data_decoder.hpp"
#include "server/smtp/line_reader.hpp"
#include "server/smtp/session.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace smtp = gatepost::server::smtp;

namespace {

constexpr std::uint64_t message_size = 1000;  // small, so that inputs cross it

void require(bool condition) {
    if (!condition) std::abort();
}

void check_reply(const smtp::Reply& reply) {
    const auto wire = reply.wire();
    std::string_view rest = wire;
    while (!rest.empty()) {
        const auto end = rest.find("\r\n");
        require(end != std::string_view::npos && end + 2 <= smtp::max_reply_line_octets);
        const auto line = rest.substr(0, end);
        require(std::all_of(line.begin(), line.end(), gatepost::ascii::is_printable));
        rest.remove_prefix(end + 2);
    }
}

class Driver {
  public:
    Driver(std::uint8_t choice, std::shared_ptr<const smtp::SessionOptions> options)
        : refuses_((choice & 4U) != 0),
          session_(std::move(options), {true, (choice & 8U) == 0, (choice & 16U) == 0},
                   (choice & 32U) != 0 ? forgiving() : smtp::ClientLeave()) {
        act(session_.greet());
    }

    void feed(std::string_view input) {
        while (!input.empty() && !closed_) {
            if (decoder_)
                feed_message(input);
            else if (chunk_)
                feed_chunk(input);
            else
                feed_lines(input);
            check_envelope();
        }
        require(session_.on_timeout().reply.code() == 421);
        require(!session_.envelope());
    }

  private:
    static smtp::ClientLeave forgiving() {
        smtp::ClientLeave leave;
        leave.forgiven_by = [](gatepost::policy::Forgiven, std::string_view) {
            return std::optional<std::string>("");
        };
        leave.name_of_nameless = [] {
            return std::string("[192.0.2.1]");
        };
        return leave;
    }

    void feed_lines(std::string_view& input) {
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
                require(closed_ || lines_.fault() != smtp::LineFault::bare_lf);
                break;
        }
    }

    void feed_message(std::string_view& input) {
        std::string content;
        if (!decoder_->decode(input, content)) return;
        decoder_.reset();
        act(session_.on_message_done(smtp::Reply(250, "2.6.0", content)));
    }

    void begin_chunk(const smtp::ReceiveChunk& chunk) {
        require(chunk.octets <= message_size);
        chunk_ = chunk;
        left_ = chunk.octets;
        if (!chunk.keep) {
            skipped_ = smtp::ChunkReader(chunk.octets);
        } else {
            require(session_.envelope() && !session_.envelope()->recipients.empty());
            require(chunk.first || chunks_);
            if (chunk.first) chunks_.emplace(message_size);
            chunks_->begin_chunk(chunk.octets, chunk.last);
        }
        std::string_view none;
        if (chunk.octets == 0) feed_chunk(none);
    }

    // Exactly the chunk's octets go, whatever becomes of it.
    void feed_chunk(std::string_view& input) {
        const auto before = input.size();
        std::string content;
        if (chunk_->keep)
            chunks_->decode(input, content);
        else
            skipped_.take(input);
        left_ -= before - input.size();
        require(left_ == 0 || input.empty());
        if (left_ > 0) return;
        const auto chunk = *chunk_;
        chunk_.reset();
        if (chunk.keep && chunk.last)
            return act(session_.on_message_done(smtp::Reply(250, "2.6.0", content)));
        act(session_.on_chunk_done(chunk.keep ? framing_refusal() : std::nullopt));
    }

    std::optional<smtp::Reply> framing_refusal() const {
        if (!chunks_->framing().fault()) return std::nullopt;
        return smtp::Reply(550, "5.6.0", "bad newline");
    }

    // Every third answer of the outside is a refusal, where the first octet says so.
    std::optional<smtp::Reply> answer() {
        if (!refuses_ || ++asked_ % 3 != 0) return std::nullopt;
        return asked_ % 2 == 0 ? smtp::Reply(451, "4.7.1", "Later") : smtp::Reply(550, "5.7.1", "No");
    }

    void act(smtp::Action action) {
        if (std::holds_alternative<smtp::CheckSender>(action))
            return act(session_.on_sender_checked(answer()));
        if (std::holds_alternative<smtp::CheckRecipient>(action))
            return act(session_.on_recipient_checked(answer()));
        if (const auto* send = std::get_if<smtp::SendReply>(&action)) return check_reply(send->reply);
        if (const auto* receive = std::get_if<smtp::ReceiveMessage>(&action)) {
            check_reply(receive->reply);
            decoder_.emplace(message_size);
            return;
        }
        if (const auto* chunk = std::get_if<smtp::ReceiveChunk>(&action)) return begin_chunk(*chunk);
        if (std::holds_alternative<smtp::ChangeClient>(action)) return act(session_.on_client_changed({}));
        if (std::holds_alternative<smtp::StartTls>(action)) {
            lines_.reset();
            session_.on_tls_established();
            require(session_.helo().empty() && !session_.envelope() && session_.is_tls_active());
            return;
        }
        check_reply(std::get<smtp::Close>(action).reply);
        closed_ = true;
    }

    void check_envelope() const {
        if (!session_.envelope()) return;
        const auto& from = session_.envelope()->reverse_path;
        require(from.is_null() || from.domain() || from.address_literal());
        require(session_.envelope()->recipients.size() <= 3);
        for (const auto& recipient : session_.envelope()->recipients) {
            const auto& path = recipient.forward_path;
            require(path.domain() && path.domain()->text() == "relay.example");
            require(path.unquoted_local_part().find_first_of("@%!") == std::string::npos);
            require(!path.is_internationalized() || session_.envelope()->smtputf8);
        }
    }

    bool refuses_;
    unsigned asked_ = 0;
    bool closed_ = false;
    smtp::Session session_;
    smtp::LineReader lines_;
    std::optional<smtp::DataDecoder> decoder_;
    std::optional<smtp::ChunkDecoder> chunks_;
    std::optional<smtp::ReceiveChunk> chunk_;  // under way
    smtp::ChunkReader skipped_{0};
    std::uint64_t left_ = 0;  // of the chunk
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    auto options = std::make_shared<smtp::SessionOptions>();
    options->hostname = "mx.example";
    options->domains = {*gatepost::dns::DomainName::parse("relay.example")};
    options->unqualified_domain = options->domains.front();
    options->tls = static_cast<smtp::TlsMode>(data[0] & 3U);
    options->limits.recipients = 3;
    options->limits.message_size = message_size;
    options->limits.errors_per_connection = 20;
    options->limits.messages_per_connection = 4;
    Driver driver(data[0], options);
    driver.feed({reinterpret_cast<const char*>(data) + 1, size - 1});
    return 0;
}
