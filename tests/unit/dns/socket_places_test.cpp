#include "dns/socket_places.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace gatepost::dns {
namespace {

TEST(SocketPlaces, come_in_the_order_of_those_who_wait) {
    SocketPlaces places(2);
    std::vector<int> woken;
    const auto waker = [&](int number) {
        return [&woken, number] {
            woken.push_back(number);
        };
    };
    EXPECT_EQ(places.take_or_wait(waker(0)), 0U);
    EXPECT_TRUE(places.take());
    EXPECT_FALSE(places.take());
    const auto first = places.take_or_wait(waker(1));
    const auto second = places.take_or_wait(waker(2));
    const auto third = places.take_or_wait(waker(3));
    EXPECT_FALSE(places.leave(second)) << "it had none yet";
    places.give_back(1);
    EXPECT_EQ(woken, std::vector<int>{1});
    EXPECT_FALSE(places.take()) << "not past those who wait";
    places.give_back(1);
    EXPECT_EQ(woken, (std::vector<int>{1, 3}));
    EXPECT_TRUE(places.leave(first)) << "the place is its own";
    EXPECT_TRUE(places.leave(third));
    EXPECT_EQ(places.counts().taken, 2U);
    EXPECT_EQ(places.counts().waits, 3U);
    places.give_back(2);
    EXPECT_EQ(places.counts().taken, 0U);
}

TEST(HeldPlaces, are_the_bound_of_one_question) {
    const auto places = std::make_shared<SocketPlaces>(16);
    {
        HeldPlaces one(places);
        HeldPlaces other(places);
        EXPECT_TRUE(one.take());
        EXPECT_TRUE(other.take());
        EXPECT_TRUE(one.allows_one_more(0)) << "it has a place";
        EXPECT_TRUE(one.allows_one_more(1)) << "an eighth is for second tries";
        EXPECT_TRUE(one.allows_one_more(2));
        EXPECT_FALSE(one.allows_one_more(3));
        EXPECT_FALSE(other.allows_one_more(1));
        EXPECT_TRUE(other.allows_one_more(0));
        EXPECT_EQ(places->counts().taken, 4U);
        for (int i = 0; i < 12; ++i)
            EXPECT_TRUE(places->take()) << "which take no first place";
        EXPECT_FALSE(places->take());
        places->give_back(12);
    }
    EXPECT_EQ(places->counts().taken, 0U);
    HeldPlaces unbound(nullptr);
    EXPECT_TRUE(unbound.take());
    EXPECT_TRUE(unbound.allows_one_more(1000));
}

}  // namespace
}  // namespace gatepost::dns
