// The buffer between a socket and the readers of its octets.
#include "server/input_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace gatepost::server {
namespace {

void fill(InputBuffer& buffer, std::string_view octets, std::size_t room) {
    const std::span<char> space = buffer.room(room);
    ASSERT_EQ(space.size(), room);
    std::copy(octets.begin(), octets.end(), space.begin());
    buffer.received(octets.size());
}

TEST(InputBuffer, GivesWhatWasReceivedAndNotUsedUp) {
    InputBuffer buffer;
    EXPECT_EQ(buffer.unread(), "");
    fill(buffer, "NOOP\r\nRS", 16);
    EXPECT_EQ(buffer.unread(), "NOOP\r\nRS");
    buffer.consume_to(buffer.unread().substr(6));
    EXPECT_EQ(buffer.unread(), "RS");
    fill(buffer, "ET\r\n", 16);
    EXPECT_EQ(buffer.unread(), "RSET\r\n");
    buffer.consume_to({});
    EXPECT_EQ(buffer.unread(), "");
}

TEST(InputBuffer, KeepsTheUnreadHoweverMuchRoomIsAskedFor) {
    for (const std::size_t room : {1U, 7U, 100U, 70000U}) {
        InputBuffer buffer;
        std::string expected;
        for (char c = 'a'; c <= 'z'; ++c) {
            fill(buffer, std::string(1, c), room);
            expected += c;
            if (c % 3 == 0) {
                expected.erase(0, 2);
                buffer.consume_to(buffer.unread().substr(2));
            }
            ASSERT_EQ(buffer.unread(), expected) << "room " << room;
        }
    }
}

TEST(InputBuffer, GivesUpALargeRoomOnly) {
    InputBuffer buffer;
    fill(buffer, "x", 100);
    const char* const small = buffer.unread().data();
    buffer.clear();
    buffer.shrink_below(101);
    EXPECT_EQ(buffer.room(100).data(), small);
    buffer.shrink_below(100);
    EXPECT_EQ(buffer.unread(), "");
    fill(buffer, "y", 1000);
    EXPECT_EQ(buffer.unread(), "y");
}

TEST(InputBuffer, TakesNothingWhereNothingCame) {
    InputBuffer buffer;
    fill(buffer, "", 64);
    EXPECT_EQ(buffer.unread(), "");
    buffer.clear();
    EXPECT_EQ(buffer.unread(), "");
}

}  // namespace
}  // namespace gatepost::server
