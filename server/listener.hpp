// Accepts connections on the configured addresses, refuses what is over the limits, and hands each to the
// worker with the fewest sessions.
#pragma once

#include "server/listening_sockets.hpp"
#include "server/worker.hpp"

#include "config/config.hpp"

#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gatepost::server {

class Listener {
  public:
    // `settings`: of the address that `socket` is bound to.
    Listener(boost::asio::io_context& context, Shared& shared, std::vector<std::unique_ptr<Worker>>& workers,
             const config::Listener& settings, ListeningSocket socket);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    void start();
    // Stops accepting; what waits in the kernel's queue is refused.
    void close();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace gatepost::server
