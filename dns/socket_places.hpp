// How many sockets the resolver may have open, of all workers together: a hard bound, so that no flood of
// questions takes the descriptors that connections and files need. A question holds a place from its begin to
// its end. Where there is none it waits its turn: first come, first served. For the second tries of all
// questions together there is a part of them, so that the tries of some never take the first place of others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace gatepost::dns {

// Any thread.
class SocketPlaces {
  public:
    // Called under the mutex: it may only post.
    using Waker = std::function<void()>;
    using Ticket = std::uint64_t;
    struct Counts {
        std::size_t taken = 0;
        std::size_t most = 0;
        std::uint64_t waits = 0;  // questions that had to wait for a place
    };

    explicit SocketPlaces(std::size_t most) : most_(most) {}

    // False where none is free, or others wait.
    bool take();
    // The same for the further tries of a question that has a place.
    bool take_second();
    // 0: taken at once. Else a place comes to this ticket in its turn, and `waker` is called then.
    Ticket take_or_wait(Waker waker);
    // Waits no more. True: the ticket had its place already, which the caller now has.
    bool leave(Ticket ticket);
    // `seconds` of `places` were taken as such.
    void give_back(std::size_t places, std::size_t seconds = 0);
    Counts counts() const;

  private:
    mutable std::mutex mutex_;
    std::size_t most_;
    std::size_t taken_ = 0;
    std::size_t seconds_ = 0;  // of these
    Ticket last_ticket_ = 0;
    std::uint64_t waits_ = 0;
    std::map<Ticket, Waker> waiting_;  // in their order
};

// The places of one question. Without SocketPlaces there is no bound.
class HeldPlaces {
  public:
    explicit HeldPlaces(std::shared_ptr<SocketPlaces> places) : places_(std::move(places)) {}
    HeldPlaces(const HeldPlaces&) = delete;
    HeldPlaces& operator=(const HeldPlaces&) = delete;
    ~HeldPlaces() {
        if (places_) places_->give_back(held_, seconds_);
    }

    SocketPlaces* places() const { return places_.get(); }
    // The first place, where one is free.
    bool take();
    // The first place, which was waited for.
    void add() { ++held_; }
    // Whether one more socket may be opened beside `open` others, without waiting.
    bool allows_one_more(std::size_t open);

  private:
    std::shared_ptr<SocketPlaces> places_;
    std::size_t held_ = 0;
    std::size_t seconds_ = 0;  // of these
};

}  // namespace gatepost::dns
