// A downstream server that refuses everybody has a slip in its access rules, and 5xx would make senders give
// up mail that it wants: its refusals are held back until it takes a recipient again (PRODUCT.md, "What the
// SMTP client sees"). No I/O and no clock.
#pragma once

#include "server/relay/schedule.hpp"
#include "server/smtp/reply.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace gatepost::server::relay {

class RefusalGuard {
  public:
    static constexpr std::size_t transactions = 20;             // PRODUCT.md
    static constexpr auto within = std::chrono::minutes(5);     // PRODUCT.md
    static constexpr std::size_t max_noted = 8 * transactions;  // local: several kinds of 5xx at a time

    // A transaction of `sender` ended in which every recipient got this 5xx. True: with this one it begins
    // to hold refusals back.
    bool refused(std::string_view sender, const smtp::Reply& refusal, TimePoint now);
    // It took a recipient. True: it was holding refusals back until now.
    bool taken();
    bool is_holding() const { return holding_; }
    bool is_empty() const { return noted_.empty(); }

  private:
    struct Noted {
        std::size_t sender;  // its hash
        int code;
        std::optional<smtp::EnhancedCode> enhanced;
        TimePoint at;
    };
    std::vector<Noted> noted_;  // since a recipient was taken last, the oldest first
    bool holding_ = false;
};

}  // namespace gatepost::server::relay
