#include "dns/turns.hpp"

#include "dns/slow_lane.hpp"

#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;

Turns::Turns(asio::any_io_executor executor, Now now, Claim claim)
    : executor_(std::move(executor)), now_(std::move(now)), claim_(claim), end_(now_() + slice) {}

void Turns::begin() {
    if (now_) end_ = now_() + slice;
}

bool Turns::is_over() const {
    return now_ && now_() >= end_;
}

asio::awaitable<void> Turns::next() {
    if (!now_) co_return;
    SlowLane& lane = SlowLane::of(executor_);
    co_await lane.wait(executor_, claim_);
    begin();
}

}  // namespace gatepost::dns
