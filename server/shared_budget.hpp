// Octets that all clients share: of memory (limits.memory), or of temporary files. A client, and a network,
// may hold a part of what is still free, so that nobody alone takes much from the others; the last quarter is
// for small messages alone; and a reserve is kept for our own machines and exempted clients. From half of it
// on, those who hold much and are slow are asked to go, one for each who takes more; and where nothing is
// left, the slowest message of whoever holds most.
#pragma once

#include "dns/address_hash.hpp"
#include "dns/claim.hpp"
#include "dns/ip_address.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace gatepost::server {

// local: so much of a message is nobody's concern. It saves small ones the lock, and all connections that
// limits.connections allows together hold less than limits.memory of it.
inline constexpr std::size_t small_message_octets = 16 * 1024;

class Share;

// Whoever holds a share, and can be asked to give it back.
class ShareHolder {
  public:
    virtual ~ShareHolder() = default;
    // It is too slow for what it holds. Any thread, under a lock: only to pass it on.
    virtual void evict() noexcept = 0;
};

// Any thread.
class SharedBudget {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    // `hash_key` is drawn at start: addresses are chosen by strangers.
    explicit SharedBudget(std::size_t octets, const dns::HashKey& hash_key = {});

    std::size_t limit() const { return limit_; }
    std::size_t used() const { return used_.load(std::memory_order_relaxed); }
    // Not even a small message has room: for most clients, when the reserve alone is left.
    bool is_exhausted(bool has_reserve = false) const;
    // Takes that were refused, and holders that were asked to go.
    std::uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }
    std::uint64_t evictions() const { return evictions_.load(std::memory_order_relaxed); }

    // Asks one holder to go, for who comes next: one that is slow; where nothing is left, another.
    void make_room(TimePoint now = std::chrono::steady_clock::now());

  private:
    friend class Share;
    std::size_t bound(bool has_reserve) const { return has_reserve ? limit_ : limit_ - reserve_; }
    bool is_getting_short() const { return used() > bound(false) / 2; }
    bool is_short() const { return used() > bound(false) / 32 * 31; }
    bool take(std::size_t octets, bool has_reserve);
    void give_back(std::size_t octets) { used_.fetch_sub(octets, std::memory_order_relaxed); }
    // Of what was taken already, so much is this client's.
    bool charge(Share& share, std::size_t octets);
    void discharge(Share& share, std::size_t octets);
    void hand_over(Share& from, Share& to);
    Share* slowest(TimePoint now, double least, const dns::IpAddress* client) const;
    const dns::IpAddress* greatest_client() const;

    const std::size_t limit_;
    const std::size_t reserve_;
    std::atomic<std::size_t> used_{0};
    std::atomic<std::uint64_t> refusals_{0};
    std::atomic<std::uint64_t> evictions_{0};
    std::mutex mutex_;                                                             // of what follows
    std::unordered_map<dns::IpAddress, std::size_t, dns::AddressHash> by_client_;  // without zeros
    std::unordered_map<dns::IpAddress, std::size_t, dns::AddressHash> by_network_;
    std::unordered_set<Share*> holders_;  // of those who hold much
};

// What messages in flight hold of what all clients share.
struct RoomCounts {
    struct Room {
        std::uint64_t used = 0;
        std::uint64_t limit = 0;
        std::uint64_t refusals = 0;
        std::uint64_t evictions = 0;
    };
    Room memory;
    Room disk;

    static Room of(const SharedBudget& budget) {
        return {budget.used(), budget.limit(), budget.refusals(), budget.evictions()};
    }
};

// What one transaction holds of a budget; given back at its end.
class Share {
  public:
    // `holder` may be null. Both outlive the share.
    explicit Share(SharedBudget& budget, ShareHolder* holder = nullptr) : budget_(budget), holder_(holder) {}
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Before the first take(). Who has the reserve has no bound but the whole.
    void belongs_to(const dns::IpAddress& client, bool has_reserve);
    dns::Claim claim() const { return {client_, has_reserve_}; }
    // False: that is more than is left, or than this client may have; nothing is taken.
    bool take(std::size_t octets);
    void give_back(std::size_t octets);
    std::size_t taken() const { return taken_; }
    // Takes over all that `other`, of the same budget, holds. Before any take().
    void take_over(Share& other);
    SharedBudget& budget() const { return budget_; }

  private:
    friend class SharedBudget;

    SharedBudget& budget_;
    ShareHolder* holder_;
    dns::IpAddress client_;
    bool has_reserve_ = false;
    std::size_t taken_ = 0;
    std::size_t charged_ = 0;  // of them, to the client; guarded by the budget's mutex …
    std::chrono::steady_clock::time_point began_;  // when it was first charged
    bool is_going_ = false;                        // … to here
};

}  // namespace gatepost::server
