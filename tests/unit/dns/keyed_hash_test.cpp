#include "dns/keyed_hash.hpp"

#include "dns/address_hash.hpp"
#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <type_traits>

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

// A table of the standard library that a stranger could fill with colliding keys does not compile.
static_assert(!std::is_default_constructible_v<std::hash<IpAddress>>);
static_assert(!std::is_default_constructible_v<std::hash<DomainName>>);

TEST(AddressHash, is_keyed) {
    const AddressHash one{paper_key}, other{HashKey{1, 2}};
    std::set<std::size_t> seen;
    for (const auto* text : {"192.0.2.1", "192.0.2.2", "2001:db8::1", "c000:201::"}) {
        const IpAddress address = IpAddress::parse(text).value();
        EXPECT_EQ(one(address), one(IpAddress::parse(text).value())) << text;
        seen.insert({one(address), other(address)});
    }
    EXPECT_EQ(seen.size(), 8U);
}

}  // namespace
}  // namespace gatepost::dns
