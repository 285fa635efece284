// One connection to a downstream server: the client's state machine with its socket and its time limits.
#pragma once

#include "server/deadline.hpp"
#include "server/input_buffer.hpp"
#include "server/relay/client_session.hpp"
#include "server/stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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

    // Writes what the session wants written and reads until no reply is awaited. False: the connection is of
    // no further use, problem() says why.
    boost::asio::awaitable<bool> exchange(std::chrono::milliseconds time);
    // The handshake that the reply to STARTTLS has opened (Stream::connect_tls); EHLO is then the next
    // exchange(). False: as above.
    boost::asio::awaitable<bool> start_tls(std::shared_ptr<TlsClientContext> context, std::string host,
                                           bool verify, std::chrono::milliseconds time);
    bool is_tls() const { return stream_->is_tls(); }
    // Writes octets of the message itself.
    boost::asio::awaitable<bool> write(std::string_view octets, std::chrono::milliseconds time);
    std::string problem() const;
    // No octet has come from the server since the connection was taken out of the pool.
    bool is_silent() const { return silent_; }
    void mark_taken() { silent_ = true; }
    // Something has come from the server that no exchange() has read.
    bool has_input() { return stream_->has_input(); }

    // Nothing is asked of the server until the client goes on; the next exchange() or write() ends it. Until
    // then the pool may take the connection out of `owner`, which holds it and is then null.
    void wait_for_client(std::unique_ptr<RelayConnection>& owner);
    // Ends that at once.
    void stop_waiting() { waiting_since_.reset(); }
    std::optional<std::chrono::steady_clock::time_point> waiting_since() const { return waiting_since_; }
    std::unique_ptr<RelayConnection> take_from_owner();  // while it waits

    const std::chrono::steady_clock::time_point opened = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point idle_since;

  private:
    boost::asio::awaitable<bool> read_some();
    void end();

    std::unique_ptr<Stream> stream_;
    ClientSession session_;
    std::size_t destination_;
    std::function<void(RelayConnection&)> on_end_;  // empty once called
    Deadline deadline_;
    InputBuffer input_;
    std::string problem_;
    bool silent_ = true;
    std::optional<std::chrono::steady_clock::time_point> waiting_since_;
    std::unique_ptr<RelayConnection>* owner_ = nullptr;  // while it waits for the client
};

}  // namespace gatepost::server::relay
