#include "dns/turns.hpp"

#include "dns/slow_lane.hpp"

#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;

Turns::Turns(asio::any_io_executor executor, Now now, Claim claim)
    : executor_(std::move(executor)), lane_(&SlowLane::of(executor_)), now_(std::move(now)), claim_(claim) {
    begin();
}

void Turns::begin() {
    if (now_) end_ = now_() + (lane_->is_busy() ? slice_of_a_crowd : slice);
}

bool Turns::is_over() const {
    return now_ && now_() >= end_;
}

asio::awaitable<void> Turns::next() {
    if (!now_) co_return;
    co_await lane_->wait(executor_, claim_);
    end_ = now_() + slice;
}

}  // namespace gatepost::dns
