// The keys that session tickets are sealed with (RFC 8446 §4.6.1, RFC 5077): made in this process, shared by
// all workers and kept over reloads, changed every hour, and forgotten when no ticket of theirs counts any
// more. So what a thief of today's keys can open is bounded, although tickets are stateless.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

struct ssl_ctx_st;

namespace gatepost::server {

struct TicketKey {
    std::array<std::uint8_t, 16> name;  // stands in the ticket, in the clear
    std::array<std::uint8_t, 32> cipher_key;
    std::array<std::uint8_t, 32> mac_key;
};

class TicketKeys {
  public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds issue_time{3600};   // local: how long a key seals new tickets
    static constexpr std::chrono::seconds ticket_time{7200};  // local: a mail server comes again soon, or not

    explicit TicketKeys(std::function<Clock::time_point()> now = Clock::now) : now_(std::move(now)) {}
    ~TicketKeys();
    TicketKeys(const TicketKeys&) = delete;
    TicketKeys& operator=(const TicketKeys&) = delete;

    // The key for new tickets. nullopt: the system gives no random octets.
    std::optional<TicketKey> current();
    struct Found {
        TicketKey key;
        bool is_current;
    };
    // The key of a ticket that came back.
    std::optional<Found> find(std::span<const std::uint8_t> name);

  private:
    struct Made {
        TicketKey key;
        Clock::time_point at;
    };
    void forget_old(Clock::time_point now);

    std::function<Clock::time_point()> now_;
    std::mutex mutex_;        // taken in handshakes alone
    std::vector<Made> keys_;  // the newest last
};

// Makes `context` give out and take such tickets. A session with a client's certificate is not resumed: its
// certificate is verified anew, against today's date and authorities. `keys` outlives the context.
void use_tickets(ssl_ctx_st* context, TicketKeys& keys);

}  // namespace gatepost::server
