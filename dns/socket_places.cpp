#include "dns/socket_places.hpp"

#include <utility>

namespace gatepost::dns {
namespace {

// local: an eighth of all. Three quarters are strangers' first places (server/shared_dns.cpp), so that the
// last eighth is always there for own and exempted clients.
constexpr std::size_t parts_of_seconds = 8;

}  // namespace

bool SocketPlaces::take() {
    const std::lock_guard lock(mutex_);
    if (taken_ >= most_ || !waiting_.empty()) return false;
    ++taken_;
    return true;
}

bool SocketPlaces::take_second() {
    const std::lock_guard lock(mutex_);
    if (seconds_ >= most_ / parts_of_seconds || taken_ >= most_ || !waiting_.empty()) return false;
    ++taken_;
    ++seconds_;
    return true;
}

SocketPlaces::Ticket SocketPlaces::take_or_wait(Waker waker) {
    const std::lock_guard lock(mutex_);
    if (taken_ < most_ && waiting_.empty()) {
        ++taken_;
        return 0;
    }
    ++waits_;
    waiting_.emplace(++last_ticket_, std::move(waker));
    return last_ticket_;
}

bool SocketPlaces::leave(Ticket ticket) {
    const std::lock_guard lock(mutex_);
    return waiting_.erase(ticket) == 0;
}

void SocketPlaces::give_back(std::size_t places, std::size_t seconds) {
    const std::lock_guard lock(mutex_);
    seconds_ -= seconds;
    // A place that somebody waits for passes to him, and stays taken.
    for (; places > 0 && !waiting_.empty(); --places) {
        const auto first = waiting_.begin();
        first->second();
        waiting_.erase(first);
    }
    taken_ -= places;
}

SocketPlaces::Counts SocketPlaces::counts() const {
    const std::lock_guard lock(mutex_);
    return {taken_, most_, waits_};
}

bool HeldPlaces::take() {
    if (!places_) return true;
    if (!places_->take()) return false;
    ++held_;
    return true;
}

bool HeldPlaces::allows_one_more(std::size_t open) {
    if (!places_ || open < held_) return true;
    if (!places_->take_second()) return false;
    ++held_;
    ++seconds_;
    return true;
}

}  // namespace gatepost::dns
