// What is known of the downstream servers, shared by all workers: what each announced when it was last spoken
// to, and whether it could be reached. Only what all of them announced is announced to clients.
#pragma once

#include "server/relay/client_session.hpp"
#include "server/smtp/session.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace gatepost::server::relay {

class DownstreamState {
  public:
    explicit DownstreamState(std::size_t destinations);

    void spoke(std::size_t destination, const Capabilities& capabilities);
    void was_unreachable(std::size_t destination);

    // Any thread. Before a destination was spoken to, it offers nothing.
    smtp::OfferedExtensions offered() const;
    bool is_reachable(std::size_t destination) const { return destinations_[destination].reachable; }
    bool is_any_reachable() const;

  private:
    struct Destination {
        std::atomic<std::uint8_t> extensions{0};
        std::atomic<bool> reachable{false};
    };
    std::size_t count_;
    std::unique_ptr<Destination[]> destinations_;
};

}  // namespace gatepost::server::relay
