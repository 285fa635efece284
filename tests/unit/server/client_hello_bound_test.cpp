#include "server/client_hello_bound.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::server {
namespace {

std::string record(unsigned char type, const std::string& body) {
    std::string octets = {static_cast<char>(type), 3, 1, static_cast<char>(body.size() >> 8U),
                          static_cast<char>(body.size() & 0xffU)};
    return octets + body;
}

// The header of a handshake message that promises `length` octets, and some of them.
std::string message(unsigned char type, std::size_t length, std::size_t given) {
    std::string octets = {static_cast<char>(type), static_cast<char>(length >> 16U),
                          static_cast<char>(length >> 8U & 0xffU), static_cast<char>(length & 0xffU)};
    return octets + std::string(given, 'x');
}

TEST(ClientHelloBound, knows_what_a_handshake_promises) {
    const struct {
        const char* what;
        std::string octets;
        bool is_taken;
    } cases[] = {
        {"of usual size", record(22, message(1, 2000, 2000)), true},
        {"at the bound", record(22, message(1, 16384, 100)), true},
        {"past it", record(22, message(1, 16385, 100)), false},
        {"131,000 octets in 70", record(22, message(1, 131'000, 60)), false},
        {"the second one, behind a HelloRetryRequest",
         record(22, message(1, 300, 300)) + record(20, "\x01") + record(22, message(1, 131'000, 60)), false},
        {"in two records", record(22, message(1, 9000, 5000)) + record(22, message(1, 131'000, 3996)), true},
        {"and one behind it",
         record(22, message(1, 9000, 5000)) + record(22, std::string(4000, 'x')) +
             record(22, message(1, 131'000, 9)),
         false},
        {"a header in two records", record(22, "\x01") + record(22, message(1, 131'000, 9).substr(1)), false},
        {"a good one in two records", record(22, "\x01") + record(22, message(1, 9, 9).substr(1)), true},
        {"behind another message in one record", record(22, message(2, 3, 3) + message(1, 131'000, 9)),
         false},
        {"an empty record", record(22, ""), true},
        {"an empty record in the middle", record(22, message(1, 9, 5)) + record(22, "") + record(22, "xxxx"),
         true},
        {"a certificate has its own bound", record(22, message(11, 30'000, 100)), true},
        {"encrypted", record(23, message(1, 131'000, 60)), true},
        {"an alert", record(21, "\x02\x28"), true},
    };
    for (const auto& entry : cases) {
        EXPECT_EQ(ClientHelloBound().read(entry.octets), entry.is_taken) << entry.what;
        ClientHelloBound bytewise;
        bool is_taken = true;
        for (const char octet : entry.octets)
            is_taken = is_taken && bytewise.read(std::string_view(&octet, 1));
        EXPECT_EQ(is_taken, entry.is_taken) << entry.what << ", octet by octet";
    }
}

}  // namespace
}  // namespace gatepost::server
