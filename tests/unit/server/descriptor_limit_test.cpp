#include "server/descriptor_limit.hpp"

#include <gtest/gtest.h>

namespace gatepost::server {
namespace {

TEST(DescriptorLimitTest, keeps_room_for_what_is_not_a_session) {
    struct Case {
        std::size_t descriptors, configured, sessions;
    };
    for (const auto& [descriptors, configured, sessions] :
         {Case{1024, 10'000, 768}, Case{1024, 500, 500}, Case{524'288, 10'000, 10'000},
          Case{200, 10'000, 100}, Case{50, 10'000, 1}})
        EXPECT_EQ(sessions_within(descriptors, configured), sessions) << descriptors;
}

// Whatever the limit, the shares together are within it, and each has room to work.
TEST(DescriptorLimitTest, shares_out_what_is_not_a_session) {
    struct Case {
        std::size_t descriptors, sockets, downstream;
    };
    for (const auto& [descriptors, sockets, downstream] :
         {Case{256, 40, 40}, Case{1024, 102, 102}, Case{20'000, 2000, 200}, Case{1'048'576, 4096, 200}}) {
        EXPECT_EQ(resolver_sockets_within(descriptors), sockets) << descriptors;
        EXPECT_EQ(downstream_within(descriptors, 200), downstream) << descriptors;
        EXPECT_LT(sessions_within(descriptors, 2'000'000) + sockets + downstream, descriptors);
    }
}

TEST(DescriptorLimitTest, raises_the_limit) {
    EXPECT_GT(raise_descriptor_limit(), 0U);
}

}  // namespace
}  // namespace gatepost::server
