#include "dns/slow_lane.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;

asio::execution_context::id SlowLane::id;

// In the frame of who waits. However the frame ends, it waits no more.
struct SlowLane::Waiter {
    Waiter(SlowLane& own_lane, const asio::any_io_executor& executor, const Claim& claim)
        : lane(own_lane),
          timer(executor, asio::steady_timer::time_point::max()),
          place(lane.waiting_.enter(*this, claim, false)) {}
    ~Waiter() {
        if (place) lane.waiting_.leave(*place);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    void give_turn() {
        lane.waiting_.serve(*std::exchange(place, std::nullopt));
        timer.cancel();
    }

    SlowLane& lane;
    asio::steady_timer timer;  // cancelled when its turn has come
    std::optional<FairLine<Waiter>::Place> place;
};

SlowLane& SlowLane::of(const asio::any_io_executor& executor) {
    return asio::use_service<SlowLane>(executor.context());
}

asio::awaitable<void> SlowLane::wait(asio::any_io_executor executor, Claim claim) {
    Waiter waiter(*this, executor, claim);
    if (!std::exchange(is_giving_, true)) asio::post(executor, [this, executor] { give_slice(executor); });
    boost::system::error_code woken;
    co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

// The one whose turn it is goes on behind all that is ready by now, and the next one behind what is ready
// then.
void SlowLane::give_slice(const asio::any_io_executor& executor) {
    is_giving_ = !waiting_.empty();
    if (!is_giving_) return;
    waiting_.first().waiter().give_turn();
    asio::post(executor, [this, executor] { give_slice(executor); });
}

}  // namespace gatepost::dns
