// What one exchange with one server came to, over whatever transport.
#pragma once

#include "dns/answer.hpp"
#include "dns/wire_message.hpp"

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::dns {

struct ExchangeResult {
    enum class Kind { replied, timed_out, failed, cancelled };
    Kind kind = Kind::failed;
    std::vector<std::uint8_t> message;       // replied: matched by reply_matcher, not yet read
    std::string detail;                      // failed: why, for people
    Trouble trouble = Trouble::unspecified;  // failed: what kind
};

ExchangeResult exchange_replied(Octets message);
ExchangeResult exchange_timed_out();
ExchangeResult exchange_cancelled();
ExchangeResult exchange_failed(Trouble trouble, std::string detail);
ExchangeResult exchange_failed(const boost::system::error_code& error);

// Ends a try when its coroutine ends or is destroyed: the timer's handler holds the try as well, and would
// keep its socket open until it fires.
template <typename Try>
class CloseOnExit {
  public:
    explicit CloseOnExit(std::shared_ptr<Try> one) : try_(std::move(one)) {}
    CloseOnExit(const CloseOnExit&) = delete;
    CloseOnExit& operator=(const CloseOnExit&) = delete;
    ~CloseOnExit() {
        boost::system::error_code ignored;
        try_->timer.cancel();
        try_->socket.close(ignored);
    }

  private:
    std::shared_ptr<Try> try_;
};

}  // namespace gatepost::dns
