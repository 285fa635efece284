// One connection to a downstream server: the client's state machine with its socket and its time limits.
#pragma once

#include "server/deadline.hpp"
#include "server/input_buffer.hpp"
#include "server/relay/client_session.hpp"
#include "server/relay/trouble.hpp"
#include "server/stream.hpp"

#include "dns/fair_shares.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gatepost::server::relay {

// RFC 5321 §4.5.3.2: how long a client waits for each reply.
struct ReplyTimes {
    std::chrono::milliseconds command{std::chrono::minutes(5)};
    std::chrono::milliseconds final_reply{std::chrono::minutes(10)};
    std::chrono::milliseconds data_block{std::chrono::minutes(3)};
};

class RelayConnection {
  public:
    RelayConnection(boost::asio::any_io_executor executor, std::unique_ptr<Stream> stream,
                    ClientSession session, std::size_t destination,
                    std::function<void(RelayConnection&)> on_end);
    ~RelayConnection();
    RelayConnection(const RelayConnection&) = delete;
    RelayConnection& operator=(const RelayConnection&) = delete;

    ClientSession& session() { return session_; }
    std::size_t destination() const { return destination_; }

    // Writes what the session wants written and reads until no reply is awaited, for `time` in all. False:
    // the connection is of no further use, trouble() says why.
    boost::asio::awaitable<bool> exchange(std::chrono::milliseconds time);
    // The handshake that the reply to STARTTLS has opened (Stream::connect_tls); EHLO is then the next
    // exchange(). False: as above.
    boost::asio::awaitable<bool> start_tls(std::shared_ptr<TlsClientContext> context, std::string host,
                                           bool verify, std::chrono::milliseconds time);
    bool is_tls() const { return stream_->is_tls(); }
    // Writes octets of the message itself. False: unsent() of them can have reached nobody.
    boost::asio::awaitable<bool> write(std::string_view octets, std::chrono::milliseconds time);
    std::size_t unsent() const { return unsent_; }
    Trouble trouble() const;
    // The server is asked again after a pause, in which it was kept open: out of the pool, or for a client
    // that took its time.
    void mark_taken() { kept_ = silent_ = true; }
    // It was given up in such a pause: closed, or by the word for it (RFC 5321 §3.8). One that is open and
    // says nothing is not.
    bool is_lost_while_kept() const {
        const bool closed = silent_ && !deadline_.has_expired();
        return kept_ && (closed || session_.failure() == ClientFailure::service_closing);
    }
    // Nothing has come from the server that no exchange() has read, not its end either.
    bool is_quiet() { return stream_->is_quiet(); }

    // Nothing is asked of the server until the client goes on; the next exchange() or write() ends it. Until
    // then the pool may take the connection out of `owner`, which holds it and is then null.
    void wait_for_client(std::unique_ptr<RelayConnection>& owner);
    // Ends that at once.
    void stop_waiting();
    // As if it had waited without a break since the transaction before it: who goes on just often enough
    // holds it no longer than who does nothing. nullopt: it does not wait.
    std::optional<std::chrono::steady_clock::time_point> waiting_since() const { return waiting_since_; }
    std::unique_ptr<RelayConnection> take_from_owner();  // while it waits
    // Whose transaction it is used for, and for which it counts until rest(), or until it is gone.
    void belongs_to(dns::FairShares::Share share) { share_.emplace(std::move(share)); }
    const std::optional<dns::FairShares::Share>& share() const { return share_; }
    // Its transaction is over, and it is nobody's.
    void rest();

    const std::chrono::steady_clock::time_point opened = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point idle_since;

  private:
    boost::asio::awaitable<bool> read_some();
    void end();

    std::unique_ptr<Stream> stream_;
    ClientSession session_;
    std::size_t destination_;
    std::function<void(RelayConnection&)> on_end_;  // empty once called
    std::optional<dns::FairShares::Share> share_;
    Deadline deadline_;
    InputBuffer input_;
    std::string problem_;
    std::size_t unsent_ = 0;
    bool kept_ = false;
    bool silent_ = true;  // no octet has come since mark_taken()
    std::optional<std::chrono::steady_clock::time_point> waiting_since_;
    // For the client of this transaction, until it went on last.
    std::chrono::steady_clock::duration waited_{};
    std::unique_ptr<RelayConnection>* owner_ = nullptr;  // while it waits for the client
};

}  // namespace gatepost::server::relay
