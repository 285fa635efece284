#include "dns/turns.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;

Turns::Turns(asio::any_io_executor executor, Now now)
    : executor_(std::move(executor)), now_(std::move(now)), end_(now_() + slice) {}

void Turns::begin() {
    if (now_) end_ = now_() + slice;
}

bool Turns::is_over() const {
    return now_ && now_() >= end_;
}

asio::awaitable<void> Turns::next() {
    if (!now_) co_return;
    co_await asio::post(executor_, asio::use_awaitable);
    begin();
}

}  // namespace gatepost::dns
