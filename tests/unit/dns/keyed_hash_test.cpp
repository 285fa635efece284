#include "dns/keyed_hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gatepost::dns {
namespace {

constexpr HashKey paper_key{0x0706050403020100, 0x0f0e0d0c0b0a0908};

// The example of the paper's appendix A: the key's octets are 00 to 0f, the message's 00 to 0e.
TEST(KeyedHash, is_the_one_of_the_paper) {
    std::string message;
    for (char octet = 0; octet < 15; ++octet)
        message += octet;
    EXPECT_EQ(keyed_hash(paper_key, message), 0xa129ca6149be45e5U);
}

TEST(KeyedHash, tells_lengths_and_keys_apart) {
    std::set<std::uint64_t> seen;
    for (std::size_t length = 0; length < 40; ++length) {
        seen.insert(keyed_hash(paper_key, std::string(length, '\0')));
        seen.insert(keyed_hash(HashKey{1, 2}, std::string(length, '\0')));
    }
    EXPECT_EQ(seen.size(), 80U);
}

}  // namespace
}  // namespace gatepost::dns
