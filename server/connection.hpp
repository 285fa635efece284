// One client's connection: a coroutine that reads, feeds the SMTP state machine, and does what it asks for.
// It decides nothing itself.
#pragma once

#include "server/accepted.hpp"
#include "server/client_standing.hpp"
#include "server/command_budget.hpp"
#include "server/data_pace.hpp"
#include "server/deadline.hpp"
#include "server/input_buffer.hpp"
#include "server/runtime.hpp"
#include "server/session_time.hpp"
#include "server/smtp/chunk_decoder.hpp"
#include "server/smtp/line_reader.hpp"
#include "server/smtp/session.hpp"
#include "server/stream.hpp"
#include "server/transaction.hpp"

#include "dns/ip_address.hpp"
#include "dns/slow_lane.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server {

class Connection final : public ShareHolder {
  public:
    Connection(Services& services, std::unique_ptr<Stream> stream, const Accepted& accepted,
               std::string session_id);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // From the greeting to the end; never throws.
    boost::asio::awaitable<void> run();
    // The server stops: a transaction under way may end, then the client gets 421 (RFC 5321 §3.8).
    void drain();
    // Ends at once.
    void abort();

    const std::string& session_id() const { return session_id_; }
    // Whose connection it counts as, among the connections of the process.
    const dns::IpAddress& client() const { return client_; }

  private:
    // local: of a message, at a time. Ordinary mail is whole in the first; what is larger comes faster by the
    // second, where memory is at hand.
    static constexpr std::size_t first_read_octets = 16 * 1024;
    static constexpr std::size_t data_read_octets = 64 * 1024;

    boost::asio::awaitable<void> serve();
    boost::asio::awaitable<void> read_proxy_header();
    bool become(const dns::IpAddress& client);
    smtp::OfferedExtensions offered_to(const Accepted& accepted) const;
    void look_into_client();
    bool is_client_hidden();
    smtp::Action change_client(const smtp::XclientAttributes& attributes);
    boost::asio::awaitable<void> greet();
    policy::Facts client_facts() const;
    smtp::ClientLeave client_leave() const;
    bool waits_for_its_turn() const;
    smtp::SendReply turn_away_out_of_step();
    void tell(ClientEvent event);
    boost::asio::awaitable<void> next_command();
    void use_runtime_in_force();
    smtp::Action use_line(smtp::LineReader::Status status, bool is_followed);
    boost::asio::awaitable<void> perform(smtp::Action action);
    boost::asio::awaitable<std::optional<smtp::Action>> step(smtp::Action& action);
    boost::asio::awaitable<smtp::Action> check_sender();
    boost::asio::awaitable<smtp::Action> check_recipient(smtp::Recipient recipient);
    boost::asio::awaitable<smtp::Action> receive_message();
    boost::asio::awaitable<smtp::Action> receive_chunk(smtp::ReceiveChunk chunk);
    // Feeds the input to the transaction until the decoder has the end of the message or chunk. False: the
    // connection is over.
    template <class Decoder>
    boost::asio::awaitable<bool> receive(Decoder& decoder);
    boost::asio::awaitable<bool> skip_chunk(std::uint64_t octets);
    boost::asio::awaitable<bool> read_data(DataPace& pace);
    DataPace new_pace() const;
    void begin_data();
    void end_data();
    void evict() noexcept override;
    static smtp::Reply too_slow();
    static smtp::Action connection_lost();
    boost::asio::awaitable<void> start_tls(smtp::Reply reply);
    boost::asio::awaitable<void> shake_hands();
    void know_tls_client();
    boost::asio::awaitable<void> abandon_transaction();
    // False: the connection is over.
    boost::asio::awaitable<bool> read_more(std::size_t octets);
    bool write_output_now();
    boost::asio::awaitable<void> flush();
    // What one session may cost: connection_progress.cpp.
    bool is_within_commands();
    void message_came();
    bool is_turn_over();
    dns::Claim claim() const;
    boost::asio::awaitable<void> wait_in_slow_lane();
    boost::asio::awaitable<void> give_turn();
    bool is_refused_anew() const;
    boost::asio::awaitable<void> on_refused();
    boost::asio::awaitable<void> end();
    // connection_replies.cpp
    void answer(const smtp::Reply& reply);
    std::string_view id() const;
    bool is_signed(const smtp::Reply& reply) const;
    smtp::Reply signed_reply(const smtp::Reply& reply) const;
    void close_with(const smtp::Close& close);

    Services& services_;
    dns::SlowLane& slow_lane_;  // of its worker
    RuntimePtr runtime_;
    std::unique_ptr<Stream> stream_;
    dns::IpAddress client_;
    bool client_known_ = true;
    bool spoken_for_ = false;                                      // by a host that has sent XCLIENT
    std::shared_ptr<const policy::ClientCertificate> tls_client_;  // null: none, or none that was verified
    config::ListenerTls tls_;
    bool proxied_;
    std::string session_id_;
    smtp::Session session_;
    smtp::LineReader reader_;
    InputBuffer input_;
    std::string output_;                        // replies not yet written
    std::unique_ptr<ClientStanding> standing_;  // null: nobody is asked about the client
    std::unique_ptr<Transaction> transaction_;
    std::optional<smtp::ChunkDecoder> chunks_;  // of the transaction
    std::size_t transactions_ = 0;
    std::size_t errors_seen_ = 0;   // of those that the session counts, and
    std::size_t refused_seen_ = 0;  // of its refused recipients
    const SessionTime time_{std::chrono::steady_clock::now()};
    CommandBudget commands_;
    std::optional<std::chrono::steady_clock::time_point> turn_;  // since when others wait for this session
    std::size_t line_octets_ = 0;                                // read of a line that has not ended
    bool reply_is_due_ = false;  // one of output_ must not wait for others' work
    Deadline deadline_;
    bool open_ = true;
    bool lingers_ = false;  // closed in the middle of what the client sends
    bool draining_ = false;
    bool waiting_for_command_ = false;
    bool waiting_for_data_ = false;
    bool evicted_ = false;          // the transaction under way
    std::optional<DataPace> pace_;  // of the message that comes
    std::shared_ptr<Connection*> self_ =
        std::make_shared<Connection*>(this);  // of those who come from outside
};

}  // namespace gatepost::server
