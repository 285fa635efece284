// The client against a hostile server, by SMTP and by LMTP: the first octet chooses how far the driver goes
// and how the rest, what the server says, is cut. Cuts change no reply; after a failure nothing is written
// and nothing awaited.
#include "server/relay/client_session.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay = gatepost::server::relay;
namespace smtp = gatepost::server::smtp;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

smtp::Envelope envelope() {
    smtp::Envelope made;
    made.reverse_path = *smtp::parse_reverse_path("<a@client.example>").path;
    made.recipients.push_back({*smtp::parse_forward_path("<r@relay.example>").path});
    made.recipients.push_back({*smtp::parse_forward_path("<s@relay.example>").path});
    made.body = smtp::BodyType::eight_bit_mime;
    return made;
}

// Does after each reading what a driver would do next.
class Driver {
  public:
    explicit Driver(std::uint8_t choice)
        : wants_tls_((choice & 128U) != 0),
          tells_client_((choice & 32U) != 0),
          session_("mx.example", (choice & 64U) != 0 ? relay::Protocol::lmtp : relay::Protocol::smtp) {}

    void feed(std::string_view octets) {
        session_.on_octets(octets);
        advance();
        if (session_.is_usable()) return;
        require(!session_.has_output() || session_.failure() == relay::ClientFailure::none);
        if (session_.failure() != relay::ClientFailure::none) require(session_.awaited_replies() == 0);
    }

  private:
    void advance() {
        written_ += session_.take_output();
        require(session_.final_replies().size() <= asked_);
        if (!session_.is_usable() || session_.awaited_replies() > 0) return;
        if (session_.is_ready()) {
            // RFC 2033 §4.2: a reply for each recipient taken, no more and no less.
            require(session_.final_replies().size() == asked_);
            start();
        } else if (session_.starttls_reply() && session_.starttls_reply()->code() == 220 && !tls_) {
            tls_ = true;
            session_.on_tls_established();
        } else if (session_.is_message_awaited()) {
            asked_ = session_.protocol() == relay::Protocol::lmtp ? taken() : 1;
            require(asked_ > 0);
            session_.message_sent();
        } else if (session_.data_reply()) {
            session_.abandon_transaction();
        } else {
            finish_envelope();
        }
        written_ += session_.take_output();
    }

    void start() {
        if (wants_tls_ && session_.capabilities().starttls && !asked_tls_) {
            asked_tls_ = true;
            session_.start_tls();
        } else if (++transactions_ > 3 || session_.is_spent()) {
            session_.quit();
        } else {
            asked_ = 0;
            session_.start_transaction(envelope(), tells_client_ ? &client() : nullptr);
        }
    }

    void finish_envelope() {
        require(session_.sender_reply().has_value());
        for (std::size_t i = 0; i < session_.recipient_count(); ++i)
            require(session_.recipient_reply(i).has_value());
        if (taken() > 0)
            session_.start_data();
        else
            session_.abandon_transaction();
    }

    std::size_t taken() const {
        std::size_t count = 0;
        for (std::size_t i = 0; i < session_.recipient_count(); ++i) {
            const auto& reply = session_.recipient_reply(i);
            count += reply && reply->is_positive() ? 1 : 0;
        }
        return count;
    }

    static const relay::ForwardedClient& client() {
        static const relay::ForwardedClient sender{*gatepost::dns::IpAddress::parse("192.0.2.7"),
                                                   "client.example", true, "1f-2"};
        return sender;
    }

    bool wants_tls_;
    bool tells_client_;
    std::size_t asked_ = 0;  // replies to the message
    bool asked_tls_ = false;
    bool tls_ = false;
    int transactions_ = 0;
    std::string written_;
    relay::ClientSession session_;
};

// The same replies, whatever the cut; the reader alone.
std::vector<std::string> read_all(std::string_view octets, std::size_t chunk) {
    smtp::ReplyReader reader;
    std::vector<std::string> replies;
    while (!octets.empty()) {
        auto part = octets.substr(0, chunk);
        octets.remove_prefix(part.size());
        while (!part.empty()) {
            const auto status = reader.read(part);
            if (status == smtp::ReplyReader::Status::malformed) return replies;
            if (status == smtp::ReplyReader::Status::reply) replies.push_back(reader.reply().wire());
        }
    }
    return replies;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view said(reinterpret_cast<const char*>(data) + 1, size - 1);
    require(read_all(said, said.size()) == read_all(said, data[0] % 16U + 1U));
    // A reply a time: a server that is in step. Then cut anywhere.
    Driver in_step(data[0]);
    for (std::size_t at = 0; at < said.size();) {
        const auto end = said.find('\n', at);
        const auto next = end == std::string_view::npos ? said.size() : end + 1;
        in_step.feed(said.substr(at, next - at));
        at = next;
    }
    Driver cut(data[0]);
    for (std::size_t at = 0; at < said.size(); at += data[0] % 16U + 1U)
        cut.feed(said.substr(at, data[0] % 16U + 1U));
    return 0;
}
