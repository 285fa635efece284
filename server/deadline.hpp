// A deadline that moves: one timer watches it, however often it is moved (RFC 5321 §4.5.3.2 wants a timeout
// in every phase; a timer per operation costs far more). When it is reached it calls, and calls again each
// second until it is cleared or moved: who cancels an operation may meet it between two of its steps, and a
// cancelled step that has just succeeded is followed by the next.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace gatepost::server {

class Deadline {
  public:
    // `on_expiry` runs on the executor, never after destruction. It may be called several times.
    Deadline(boost::asio::any_io_executor executor, std::function<void()> on_expiry);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void expires_after(std::chrono::milliseconds time);
    void clear();
    bool is_set() const;
    // The deadline set last was reached.
    bool has_expired() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace gatepost::server
