// The guard against hidden client addresses (PRODUCT.md, "Client addresses can be hidden from us"): behind a
// container gateway, or with a missing PROXY header, the whole world comes from one private address, and
// whatever the operator wrote for that address would hold for everybody. A state machine: events in, no I/O,
// the clock is handed in. Shared by all workers; bounded.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

namespace gatepost::server {

// RFC 1918, RFC 6598, RFC 4193 and link-local; loopback is not private.
bool is_private(const dns::IpAddress& address);

class HiddenClients {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    enum class News { none, hidden, visible };  // what changed, for the log

    // A client has come. `visible`: the address that was suspected makes less than its share of at least 200
    // connections by now. Silence changes nothing: at night the gateway is still the gateway.
    News connected(const dns::IpAddress& client, TimePoint now);
    // Whether it would tell something to know if the name that this client gave in HELO resolves to it. Each
    // yes is one of a bounded number of questions.
    bool wants_name(const dns::IpAddress& client, const dns::DomainName& name, TimePoint now);
    // A completed answer shows that it does not.
    News does_not_resolve(const dns::IpAddress& client, const dns::DomainName& name, TimePoint now);

    // The address behind which clients are hidden.
    std::optional<dns::IpAddress> hidden() const;
    bool is_hidden(const dns::IpAddress& client) const { return hidden() == client; }

  private:
    static constexpr std::size_t minutes = 10;
    struct Minute {
        std::int64_t number = -1;
        std::size_t connections = 0;
        std::map<dns::IpAddress, std::size_t> of_private;  // ordered, not hashed: addresses are chosen
    };

    void move_to(TimePoint now);
    void forget(Minute& minute);
    bool makes_its_share(const dns::IpAddress& client) const;
    void forget_names_before(TimePoint time);

    mutable std::mutex mutex_;
    std::array<Minute, minutes> minutes_;
    std::int64_t now_ = -1;  // the minute
    std::size_t connections_ = 0;
    std::map<dns::IpAddress, std::size_t> of_private_;  // over all minutes
    dns::IpAddress suspect_;                            // whose names these are
    std::map<dns::DomainName, TimePoint> names_;        // that do not resolve to it
    std::size_t questions_ = 0;                         // in the minute
    std::optional<dns::IpAddress> hidden_;
};

}  // namespace gatepost::server
