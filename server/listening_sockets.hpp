// The sockets that the process listens on: bound by itself, or bound and handed over by the service manager
// (socket activation, sd_listen_fds(3)), which keeps the queue of clients through a restart.
#pragma once

#include "dns/ip_address.hpp"

#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace gatepost::server {

// Owns a descriptor.
class ListeningSocket {
  public:
    ListeningSocket() = default;
    explicit ListeningSocket(int descriptor) : descriptor_(descriptor) {}
    ListeningSocket(ListeningSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    ListeningSocket& operator=(ListeningSocket&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~ListeningSocket();

    int descriptor() const { return descriptor_; }
    // The caller's from now on.
    int release() { return std::exchange(descriptor_, -1); }

  private:
    int descriptor_ = -1;
};

class ListeningSockets {
  public:
    // Takes the sockets that were handed over, where LISTEN_PID says that they are for this process, and the
    // variables out of the environment. To be made once, before there are threads.
    ListeningSockets();

    // The socket that was handed over for this address, or one bound to it now. Non-blocking, closed on exec.
    ListeningSocket open(const dns::IpAddress& address, std::uint16_t port, std::error_code& error);
    // The addresses of those that were handed over and not asked for: a mistake of the configuration, as
    // clients would connect and never be greeted.
    std::vector<std::string> unclaimed() const;

  private:
    struct Passed {
        ListeningSocket socket;
        std::string address;  // "192.0.2.25 port 25"; or what else it is
    };
    std::vector<Passed> passed_;
};

}  // namespace gatepost::server
