// What one client and one network may hold, and who is next among those that wait.
#include "dns/fair_shares.hpp"

#include "dns/fair_line.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::dns {
namespace {

constexpr std::size_t places = 80;  // ten of them for named clients

Claim claim_of(const std::string& client, bool is_named = false) {
    return {IpAddress::parse(client).value(), is_named};
}

class FairSharesTest : public testing::Test {
  protected:
    FreePlaces free() const { return FreePlaces(places, held.size()); }
    // How many of `wanted` it got.
    std::size_t take(const Claim& claim, std::size_t wanted = places) {
        std::size_t got = 0;
        for (; got < wanted && shares.may_take(claim, free()); ++got)
            held.emplace_back(shares, claim);
        return got;
    }

    FairShares shares;
    std::vector<FairShares::Share> held;
};

TEST_F(FairSharesTest, a_client_has_as_much_as_leaves_twice_as_much_free) {
    EXPECT_EQ(take(claim_of("192.0.2.1")), 24);
    EXPECT_EQ(take(claim_of("198.51.100.1")), 16);
    EXPECT_EQ(take(claim_of("192.0.2.1")), 0);
    EXPECT_EQ(take(claim_of("203.0.113.1"), 1), 1);
}

TEST_F(FairSharesTest, a_64_is_one_client) {
    EXPECT_EQ(take(claim_of("2001:db8::1"), 20), 20);
    EXPECT_EQ(take(claim_of("2001:db8::2")), 4);
}

TEST_F(FairSharesTest, a_network_has_as_much_as_leaves_as_much_free) {
    std::size_t of_network = 0;
    for (int i = 1; i < 100; ++i)
        of_network += take(claim_of("192.0.2." + std::to_string(i)), 1);
    EXPECT_EQ(of_network, 36);
    EXPECT_EQ(take(claim_of("192.0.3.1"), 1), 1);
}

TEST_F(FairSharesTest, who_holds_nothing_takes_the_last_one) {
    for (int i = 0; i < 70; ++i)
        EXPECT_EQ(take(claim_of("10." + std::to_string(i) + ".0.1"), 1), 1);
    EXPECT_EQ(take(claim_of("10.70.0.1")), 0);
    held.pop_back();
    EXPECT_EQ(take(claim_of("10.0.0.1")), 0) << "it holds one, and one is free";
    EXPECT_EQ(take(claim_of("10.70.0.1")), 1);
}

TEST_F(FairSharesTest, named_clients_are_not_held_by_a_share) {
    EXPECT_EQ(take(claim_of("192.0.2.1", true)), places);
    held.erase(held.begin() + 20, held.end());
    EXPECT_EQ(take(claim_of("192.0.2.1"), 1), 1) << "what it held as a named one is not counted";
}

TEST_F(FairSharesTest, what_is_given_back_is_counted_no_more) {
    EXPECT_EQ(take(claim_of("192.0.2.1")), 24);
    FairShares::Share moved = std::move(held.back());
    held.pop_back();
    EXPECT_EQ(shares.may_take(claim_of("192.0.2.1"), FreePlaces(places, 24)), false);
    moved = FairShares::Share(shares, claim_of("198.51.100.1"));
    EXPECT_EQ(shares.may_take(claim_of("192.0.2.1"), FreePlaces(places, 24)), true);
}

TEST_F(FairSharesTest, in_the_way_is_who_uses_the_same_share) {
    take(claim_of("192.0.2.1"));
    const Claim waiting = claim_of("192.0.2.1");
    EXPECT_TRUE(shares.stands_in_the_way(claim_of("192.0.2.1"), waiting, free()));
    EXPECT_FALSE(shares.stands_in_the_way(claim_of("192.0.2.2"), waiting, free()));
    EXPECT_FALSE(shares.stands_in_the_way(claim_of("192.0.2.1", true), waiting, free()));
    take(claim_of("192.0.2.2"));
    const Claim third = claim_of("192.0.2.3");
    EXPECT_TRUE(shares.stands_in_the_way(claim_of("192.0.2.1"), third, free()));
    EXPECT_FALSE(shares.stands_in_the_way(claim_of("198.51.100.1"), third, free()));
    const FreePlaces none(places, places);
    EXPECT_TRUE(shares.stands_in_the_way(claim_of("198.51.100.1"), third, none));
}

class FairLineTest : public FairSharesTest {
  protected:
    struct Waiter {
        std::string name;
    };
    using Line = FairLine<Waiter>;

    Line::Place enter(const std::string& client, const std::string& name, bool is_named = false) {
        return line.enter(waiters.emplace_back(Waiter{name}), claim_of(client, is_named), false);
    }
    // In the order in which they are served as long as any may take; none takes anything.
    std::string served() {
        std::string names;
        while (const auto next = line.first_within(shares, free())) {
            names += next->waiter().name;
            line.serve(*next);
        }
        return names;
    }

    Line line;
    std::list<Waiter> waiters;
};

TEST_F(FairLineTest, passes_over_those_whose_share_is_used_up) {
    take(claim_of("192.0.2.1"));
    enter("192.0.2.1", "a");
    enter("192.0.2.1", "b");
    enter("192.0.2.2", "c");
    enter("198.51.100.1", "d");
    enter("192.0.2.2", "e");
    EXPECT_EQ(served(), "dce");  // c has its turn in its network's
    EXPECT_EQ(line.size(), 2);
    held.clear();
    EXPECT_EQ(served(), "ab");
    EXPECT_TRUE(line.empty());
}

TEST_F(FairLineTest, passes_over_a_network_whose_share_is_used_up) {
    for (int i = 1; i <= 40; ++i)
        take(claim_of("192.0.2." + std::to_string(i)), 1);
    for (int i = 41; i < 200; ++i)
        enter("192.0.2." + std::to_string(i), "x");
    enter("198.51.100.1", "a");
    enter("192.0.2.200", "own", true);
    enter("198.51.100.1", "b");
    EXPECT_EQ(served(), "ownab");
}

TEST_F(FairLineTest, nobody_is_next_where_nothing_is_free) {
    enter("198.51.100.1", "a");
    enter("10.0.0.1", "own", true);
    take(claim_of("10.0.0.1", true), 70);
    EXPECT_EQ(served(), "own");
    take(claim_of("10.0.0.1", true));
    enter("10.0.0.1", "own", true);
    EXPECT_EQ(served(), "");
    held.clear();
    EXPECT_EQ(served(), "owna");
}

// Turns go on beside those that are passed over: one that comes again and again does not go before another
// that has waited since.
TEST_F(FairLineTest, gives_turns_beside_those_that_are_passed_over) {
    take(claim_of("192.0.2.1"));
    enter("192.0.2.1", "x");
    for (const auto* name : {"a1", "a2"})
        enter("198.51.100.1", name);
    std::string names;
    for (int i = 0; i < 3; ++i) {
        enter("203.0.113.1", "b");
        const auto next = line.first_within(shares, free());
        ASSERT_TRUE(next);
        names += next->waiter().name;
        line.serve(*next);
    }
    EXPECT_EQ(names, "a1ba2");
}

TEST_F(FairLineTest, forgets_who_waits_no_more) {
    const auto first = enter("192.0.2.1", "a");
    enter("192.0.2.1", "b");
    const auto of_other = enter("192.0.2.2", "c");
    enter("198.51.100.1", "d");
    EXPECT_EQ(line.first().waiter().name, "a");
    line.leave(first);
    EXPECT_EQ(line.first().waiter().name, "d");
    line.leave(of_other);
    EXPECT_EQ(served(), "db");
}

}  // namespace
}  // namespace gatepost::dns
