// The bound on the octets of all messages in flight (limits.memory). Past it new transactions get 452.
#pragma once

#include <atomic>
#include <cstddef>

namespace gatepost::server {

class MemoryBudget {
  public:
    explicit MemoryBudget(std::size_t limit) : limit_(limit) {}

    bool is_exhausted() const { return used_.load(std::memory_order_relaxed) >= limit_; }
    bool take(std::size_t octets) {
        if (used_.fetch_add(octets, std::memory_order_relaxed) + octets <= limit_) return true;
        give_back(octets);
        return false;
    }
    void give_back(std::size_t octets) { used_.fetch_sub(octets, std::memory_order_relaxed); }
    std::size_t used() const { return used_.load(std::memory_order_relaxed); }

  private:
    const std::size_t limit_;
    std::atomic<std::size_t> used_{0};
};

}  // namespace gatepost::server
