// One transaction from MAIL to the final reply, in one process: its DNS a zone in memory, its downstream a
// fake that keeps what it is given.
#pragma once

#include "tests/support/report_row.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include "server/log.hpp"
#include "server/smtp/chunk_decoder.hpp"
#include "server/smtp/data_decoder.hpp"
#include "server/transaction.hpp"

#include "dns/zone_resolver.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gatepost::tests {

namespace smtp = server::smtp;

class KeepingDelivery final : public server::relay::Delivery {
  public:
    KeepingDelivery(std::string& header, std::string& body, bool final)
        : header_(header), body_(body), final_(final) {}
    bool is_apart(const smtp::Recipient&) const override { return false; }
    boost::asio::awaitable<std::optional<smtp::Reply>> add_recipient(const smtp::Envelope&,
                                                                     smtp::Recipient) override {
        co_return std::nullopt;
    }
    boost::asio::awaitable<smtp::Reply> deliver(const server::OutgoingMessage& message) override {
        for (const std::string_view part : message.header_parts())
            header_ += part;
        std::string buffer;
        std::string_view octets;
        for (std::uint64_t at = 0; at < message.body().size(); at += octets.size()) {
            if (!message.body().read_at(at, buffer, octets)) break;
            body_ += octets;
        }
        co_return smtp::Reply(250, "2.0.0", "kept");
    }
    boost::asio::awaitable<void> abandon() override { co_return; }
    const std::string& problem() const override { return problem_; }
    std::string_view destination() const override { return "here"; }
    bool is_final() const override { return final_; }

  private:
    std::string& header_;
    std::string& body_;
    bool final_;
    std::string problem_;
};

class TransactionFixture : public testing::Test {
  protected:
    TransactionFixture() {
        config_.hostname = config_.authserv_id = "mx.example.org";
        config_.data_dir = folder_.path();
        config_.log.level = config::Log::Level::error;
        config_.relay.tls = config::RelayTls::off;  // reading the system's CAs takes longer than the rest
        zone_.add(domain_name("sender.example"), dns::RrType::txt, std::string("v=spf1 ip4:192.0.2.1 -all"));
        zone_.add(domain_name("_dmarc.sender.example"), dns::RrType::txt,
                  std::string("v=DMARC1; p=quarantine"));
    }

    // What came of a message: the reply, and what the downstream got.
    struct Outcome {
        std::optional<smtp::Reply> reply;
        std::string header;
        std::string body;
    };

    // By DATA, or in chunks, under config_ as it is now.
    Outcome submit(std::string content, const char* client = "192.0.2.1") {
        std::string problem;
        server::CurrentRuntime current(server::make_runtime(config_, problem));
        server::Log log(config_.log);
        Outcome outcome;
        server::Services services{context_.get_executor(),
                                  current,
                                  zone_,
                                  metrics_.worker(0),
                                  files_,
                                  memory_,
                                  disk_,
                                  *store_,
                                  log,
                                  connections_,
                                  clients_,
                                  [&](const server::Runtime&, const server::relay::ForwardedClient&) {
                                      return std::make_unique<KeepingDelivery>(outcome.header, outcome.body,
                                                                               final_);
                                  },
                                  [] {
                                      return smtp::OfferedExtensions();
                                  }};
        outcome.reply = run(context_, transact(services, current.get(), std::move(content), client));
        return outcome;
    }

    // The header as the downstream gets it, of a message that gets expected_code_.
    std::string header_of(const std::string& message, const char* client = "192.0.2.1") {
        Outcome outcome = submit(message, client);
        EXPECT_EQ(outcome.reply ? outcome.reply->code() : 0, expected_code_) << message;
        body_ = outcome.body;
        return outcome.header;
    }

    const TemporaryFolder folder_;
    std::unique_ptr<reports::store::Store> store_ =
        reports::store::open_store(folder_.path() / "rows.db").store;
    boost::asio::io_context context_;
    server::SharedBudget memory_{20'000'000};
    server::SharedBudget disk_{100'000'000};
    server::FilePool files_{1};
    server::ConnectionLimits connections_;
    server::ClientState clients_;
    dns::ZoneResolver zone_;
    config::Config config_;
    smtp::Envelope envelope_ = to_nobody();
    server::Metrics metrics_{1};
    std::optional<policy::Listing> listing_;
    int expected_code_ = 250;
    unsigned recipients_ = 0;  // each with a RCPT; the first refusal ends the transaction
    bool given_up_ = false;    // by RSET, before DATA
    bool final_ = false;
    std::size_t cut_ = std::string::npos;  // the message comes in two pieces, from there on in the second
    std::size_t held_at_end_of_data_ = 0;  // of memory_, by the last message by DATA
    bool gives_up_ = false;                // behind MAIL
    bool by_bdat_ = false;                 // each piece a chunk (RFC 3030 §2)
    bool refused_at_first_chunk_ = false;  // of the last message
    std::string body_;                     // of header_of(), as the downstream got it

  private:
    static smtp::Envelope to_nobody() {
        smtp::Envelope envelope;
        envelope.reverse_path = *smtp::parse_reverse_path("<a@sender.example>").path;
        return envelope;
    }

    static std::string stuffed(std::string_view content) {
        std::string wire;
        bool at_start = true;
        for (const char c : content) {
            if (at_start && c == '.') wire += '.';
            wire += c;
            at_start = wire.ends_with("\r\n");
        }
        return wire + (at_start ? ".\r\n" : "\r\n.\r\n");
    }

    // Replies have no default value, which run() asks of a result.
    boost::asio::awaitable<std::optional<smtp::Reply>> transact(server::Services& services,
                                                                server::RuntimePtr runtime,
                                                                std::string content, const char* client_ip) {
        server::Transaction transaction(services, std::move(runtime), "s-1");
        server::ClientIdentity client;
        client.address = dns::IpAddress::parse(client_ip).value();
        client.helo = "helo.sender.example";
        client.protocol = "ESMTP";
        std::optional<smtp::Reply> reply = co_await transaction.begin(envelope_, std::move(client));
        if (reply) co_return reply;
        if (gives_up_) {
            co_await transaction.abandon();
            co_return reply;
        }
        transaction.set_listing(listing_);
        for (unsigned i = 0; i < recipients_; ++i) {
            smtp::Recipient to(*smtp::parse_forward_path("<b@example.org>").path);
            reply = co_await transaction.add_recipient(envelope_, std::move(to));
            if (reply) break;
        }
        if (reply || given_up_) {
            co_await transaction.abandon();
            co_return reply;
        }
        const std::uint64_t size_limit = config_.limits.message_size;
        if (by_bdat_) {
            reply = co_await in_chunks(transaction, size_limit, content);
            co_return reply;
        }
        smtp::DataDecoder decoder(size_limit, transaction.bare_newlines());
        const std::string wire = stuffed(content);
        std::string_view rest = wire;
        std::string decoded;
        while (!decoder.decode(rest, decoded)) {}
        const std::string first = decoded.substr(0, cut_);
        const std::string second = decoded.substr(first.size());
        co_await transaction.content(first);
        if (!second.empty()) co_await transaction.content(second);
        held_at_end_of_data_ = memory_.used();
        reply = co_await transaction.finish(envelope_, decoder.framing());
        co_return reply;
    }

    // The second chunk is not sent where the first got a refusal.
    boost::asio::awaitable<std::optional<smtp::Reply>> in_chunks(server::Transaction& transaction,
                                                                 std::uint64_t size_limit,
                                                                 const std::string& content) {
        smtp::ChunkDecoder decoder(size_limit, transaction.bare_newlines());
        const std::string_view octets = content;
        const std::string_view first = octets.substr(0, cut_);
        co_await decode_chunk(transaction, decoder, first, false);
        std::optional<smtp::Reply> reply = co_await transaction.chunk_done(envelope_, decoder.framing());
        refused_at_first_chunk_ = reply.has_value();
        if (reply) co_return reply;
        co_await decode_chunk(transaction, decoder, octets.substr(first.size()), true);
        reply = co_await transaction.finish(envelope_, decoder.framing());
        co_return reply;
    }

    static boost::asio::awaitable<void> decode_chunk(server::Transaction& transaction,
                                                     smtp::ChunkDecoder& decoder, std::string_view octets,
                                                     bool last) {
        decoder.begin_chunk(octets.size(), last);
        std::string decoded;
        while (!decoder.decode(octets, decoded)) {}
        co_await transaction.content(decoded);
    }
};

}  // namespace gatepost::tests
