// Who may have how much of what all share.
#include "server/shared_budget.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <list>
#include <memory>
#include <string>

namespace gatepost::server {
namespace {

constexpr std::size_t limit = 512 * 1024 * 1024;
constexpr std::size_t header = 512 * 1024;

dns::IpAddress address(const std::string& text) {
    return *dns::IpAddress::parse(text);
}

// Shares of one client after the other, each of `octets`, until one is refused.
class Taker {
  public:
    Taker(SharedBudget& budget, const std::string& client, bool has_reserve = false)
        : budget_(budget), client_(address(client)), has_reserve_(has_reserve) {}
    bool take(std::size_t octets) {
        auto share = std::make_unique<Share>(budget_);
        share->belongs_to(client_, has_reserve_);
        if (!share->take(octets)) return false;
        shares_.push_back(std::move(share));
        held_ += octets;
        return true;
    }
    std::size_t take_all(std::size_t octets) {
        while (take(octets)) {}
        return held_;
    }

  private:
    SharedBudget& budget_;
    dns::IpAddress client_;
    bool has_reserve_;
    std::deque<std::unique_ptr<Share>> shares_;
    std::size_t held_ = 0;
};

TEST(SharedBudget, gives_a_single_client_a_seventh_and_a_network_a_quarter) {
    SharedBudget budget(limit);
    const std::size_t open_to_all = limit / 8 * 7 / 4 * 3;
    Taker first(budget, "192.0.2.1");
    const std::size_t held = first.take_all(header);
    EXPECT_LE(held, open_to_all / 5 + header);
    EXPECT_GE(held, open_to_all / 5 - header);
    std::deque<Taker> neighbours;
    std::size_t network = held;
    for (int i = 2; i < 50; ++i)
        network += neighbours.emplace_back(budget, "192.0.2." + std::to_string(i)).take_all(header);
    EXPECT_LE(network, open_to_all / 3 + header);
    EXPECT_GE(network, open_to_all / 3 - header);
    EXPECT_TRUE(Taker(budget, "198.51.100.1").take(1024 * 1024)) << "another network";
    EXPECT_GT(budget.refusals(), 40U);
    EXPECT_FALSE(budget.is_exhausted());
}

// An IPv6 /64 is one client, a /48 one network.
TEST(SharedBudget, counts_addresses_of_one_owner_together) {
    SharedBudget budget(limit);
    Taker first(budget, "2001:db8:0:1::1");
    first.take_all(header);
    EXPECT_FALSE(Taker(budget, "2001:db8:0:1::2").take(header));
    EXPECT_TRUE(Taker(budget, "2001:db8:0:2::1").take(header));
}

TEST(SharedBudget, asks_nobody_about_little) {
    SharedBudget budget(limit);
    Taker first(budget, "192.0.2.1");
    first.take_all(header);
    first.take_all(small_message_octets + 1);
    EXPECT_TRUE(first.take(small_message_octets));
    EXPECT_FALSE(first.take(small_message_octets + 1));
}

TEST(SharedBudget, keeps_a_reserve_for_our_own) {
    SharedBudget budget(1'000'000);
    std::deque<Taker> strangers;
    while (!budget.is_exhausted())
        if (!strangers.emplace_back(budget, "192.0.2.1").take(small_message_octets)) break;
    EXPECT_FALSE(Taker(budget, "198.51.100.1").take(small_message_octets));
    EXPECT_TRUE(budget.is_exhausted() || budget.used() + small_message_octets > 875'000);
    EXPECT_FALSE(budget.is_exhausted(true));
    Taker own(budget, "10.0.0.1", true);
    EXPECT_TRUE(own.take(100'000));
    EXPECT_FALSE(own.take(100'000));
    EXPECT_LE(budget.used(), 1'000'000U);
}

TEST(SharedBudget, has_all_back_at_the_end) {
    SharedBudget budget(limit);
    {
        Taker first(budget, "192.0.2.1");
        first.take_all(header);
    }
    EXPECT_EQ(budget.used(), 0U);
    Share share(budget);
    share.belongs_to(address("192.0.2.1"), false);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_TRUE(share.take(header));
        EXPECT_TRUE(share.take(header));
        share.give_back(2 * header);
    }
    EXPECT_EQ(budget.used(), 0U);
    Taker again(budget, "192.0.2.1");
    EXPECT_GT(again.take_all(header), limit / 8) << "nothing of before is held against it";
}

class Holder final : public ShareHolder {
  public:
    void evict() noexcept override { ++evicted; }
    int evicted = 0;
};

// Nobody is asked to go before he had the time to show that he is slow.
TEST(SharedBudget, evicts_nobody_who_has_just_come) {
    SharedBudget budget(limit);
    Holder holder;
    Share share(budget, &holder);
    share.belongs_to(address("192.0.2.1"), false);
    ASSERT_TRUE(share.take(header));
    budget.make_room();
    EXPECT_EQ(holder.evicted, 0);
    EXPECT_EQ(budget.evictions(), 0U);
}

TEST(SharedBudget, evicts_the_slowest_of_those_who_hold_much) {
    SharedBudget budget(limit);
    const auto later = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    std::deque<Holder> holders(4);
    std::deque<Share> shares;
    const std::size_t held[] = {small_message_octets, 100'000, 50'000,
                                500'000};  // the last in a minute: fast
    for (std::size_t i = 0; i < 4; ++i) {
        shares.emplace_back(budget, &holders[i]).belongs_to(address("192.0.2." + std::to_string(i)), false);
        ASSERT_TRUE(shares.back().take(held[i]));
    }
    const auto evicted = [&] {
        std::string all;
        for (const Holder& holder : holders)
            all += std::to_string(holder.evicted);
        return all;
    };
    budget.make_room(later);
    EXPECT_EQ(evicted(), "0010");
    budget.make_room(later);
    EXPECT_EQ(evicted(), "0110") << "each is asked once";
    budget.make_room(later);
    EXPECT_EQ(evicted(), "0110") << "who holds little, or is fast, is asked never";
    EXPECT_EQ(budget.evictions(), 2U);
    shares.clear();
    EXPECT_EQ(budget.used(), 0U);
}

// 24 addresses held all of it for 18 minutes, and nobody else was greeted. Each of them has a share of each
// of its 50 connections here.
TEST(SharedBudget, makes_room_for_the_next_one_however_much_strangers_hold) {
    SharedBudget budget(limit);
    const auto later = std::chrono::steady_clock::now() + std::chrono::minutes(4);
    struct Stranger {
        Holder holder;
        std::unique_ptr<Share> share;
    };
    std::list<Stranger> strangers;
    for (int client = 0; client < 24; ++client) {
        for (int i = 0; i < 50; ++i) {
            Stranger& stranger = strangers.emplace_back();
            stranger.share = std::make_unique<Share>(budget, &stranger.holder);
            stranger.share->belongs_to(address("10." + std::to_string(client) + ".0.1"), false);
            if (!stranger.share->take(header)) strangers.pop_back();
        }
    }
    // All are slow: one goes for each who asks.
    const std::size_t before = strangers.size();
    for (int i = 0; i < 100; ++i) {
        budget.make_room(later);
        std::erase_if(strangers, [](const Stranger& stranger) { return stranger.holder.evicted > 0; });
    }
    EXPECT_EQ(strangers.size(), before - 100);
    EXPECT_TRUE(Taker(budget, "192.0.2.1").take(2 * header));
}

// Where nothing is left, who is fast enough must make room as well: whoever holds most.
TEST(SharedBudget, takes_from_the_greatest_where_nothing_is_left) {
    SharedBudget budget(2'000'000);
    const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(11);
    std::deque<Holder> holders(2);
    Share small(budget, &holders[0]);
    Share great(budget, &holders[1]);
    small.belongs_to(address("192.0.2.1"), false);
    great.belongs_to(address("198.51.100.1"), false);
    ASSERT_TRUE(small.take(100'000));
    ASSERT_TRUE(great.take(150'000));
    budget.make_room(soon);
    EXPECT_EQ(holders[0].evicted + holders[1].evicted, 0) << "there is room";
    std::deque<Taker> others;
    for (int i = 0; budget.used() < 1'700'000; ++i)
        ASSERT_TRUE(
            others.emplace_back(budget, "10.0." + std::to_string(i) + ".1").take(small_message_octets));
    budget.make_room(soon);
    EXPECT_EQ(holders[0].evicted, 0);
    EXPECT_EQ(holders[1].evicted, 1);
}

// Who has given all back, and may be gone, is asked no more.
TEST(SharedBudget, evicts_nobody_who_has_given_it_back) {
    SharedBudget budget(limit);
    Holder holder;
    {
        Share share(budget, &holder);
        share.belongs_to(address("192.0.2.1"), false);
        ASSERT_TRUE(share.take(header));
        share.give_back(header);
        budget.make_room(std::chrono::steady_clock::now() + std::chrono::minutes(1));
    }
    budget.make_room(std::chrono::steady_clock::now() + std::chrono::minutes(1));
    EXPECT_EQ(holder.evicted, 0);
}

// With the reserve nobody is asked to go.
TEST(SharedBudget, evicts_none_of_our_own) {
    SharedBudget budget(limit);
    Holder holder;
    Share share(budget, &holder);
    share.belongs_to(address("10.0.0.1"), true);
    ASSERT_TRUE(share.take(header));
    budget.make_room(std::chrono::steady_clock::now() + std::chrono::minutes(1));
    EXPECT_EQ(holder.evicted, 0);
}

}  // namespace
}  // namespace gatepost::server
