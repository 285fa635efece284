#include "dns/reply_matcher.hpp"

#include "tests/unit/dns/message_builder.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace gatepost::dns {
namespace {

using tests::Bytes;
using tests::MessageBuilder;

struct Case {
    std::string_view what;
    std::function<void(Bytes&, ServerAddress&)> change;
    ReplyMatch want;
};

// RFC 5452 §9.1.
TEST(ReplyMatcher, wants_peer_identifier_and_question) {
    const Case cases[] = {
        {"the reply", [](Bytes&, ServerAddress&) {}, ReplyMatch::ours},
        {"the name in another case, RFC 4343", [](Bytes& m, ServerAddress&) { m[13] = 'A'; },
         ReplyMatch::ours},
        {"another identifier", [](Bytes& m, ServerAddress&) { m[0] ^= 1; }, ReplyMatch::not_ours},
        {"a query", [](Bytes& m, ServerAddress&) { m[2] &= 0x7f; }, ReplyMatch::not_ours},
        {"another opcode", [](Bytes& m, ServerAddress&) { m[2] |= 0x10; }, ReplyMatch::not_ours},
        {"another name", [](Bytes& m, ServerAddress&) { m[13] = 'b'; }, ReplyMatch::not_ours},
        {"another type", [](Bytes& m, ServerAddress&) { m[24] = 1; }, ReplyMatch::not_ours},
        {"another class", [](Bytes& m, ServerAddress&) { m[26] = 3; }, ReplyMatch::not_ours},
        {"another address", [](Bytes&, ServerAddress& s) { s.address = *IpAddress::parse("192.0.2.9"); },
         ReplyMatch::not_ours},
        {"another port", [](Bytes&, ServerAddress& s) { s.port = 5353; }, ReplyMatch::not_ours},
        {"cut in the header", [](Bytes& m, ServerAddress&) { m.resize(11); }, ReplyMatch::not_ours},
        {"cut in the question", [](Bytes& m, ServerAddress&) { m.resize(26); }, ReplyMatch::malformed},
        {"two questions", [](Bytes& m, ServerAddress&) { m[5] = 2; }, ReplyMatch::malformed},
        {"no question, no error",
         [](Bytes& m, ServerAddress&) {
             m.resize(12);
             m[5] = 0;
         },
         ReplyMatch::malformed},
        {"a bare FORMERR",
         [](Bytes& m, ServerAddress&) {
             m.resize(12);
             m[5] = 0;
             m[3] = 0x81;
         },
         ReplyMatch::ours},
        {"a bare NXDOMAIN proves nothing",
         [](Bytes& m, ServerAddress&) {
             m.resize(12);
             m[5] = 0;
             m[3] = 0x83;
         },
         ReplyMatch::malformed},
    };
    ServerAddress server;
    server.address = *IpAddress::parse("192.0.2.53");
    Query query;
    query.id = 0x1234;
    query.name = *DomainName::parse("a.example");
    query.type = RrType::txt;
    for (const Case& c : cases) {
        Bytes message = MessageBuilder(query).octets();
        ServerAddress from = server;
        c.change(message, from);
        EXPECT_EQ(match_reply(message, query, from, server), c.want) << c.what;
    }
}

// The case of the question is a secret too, where it was mixed.
TEST(ReplyMatcher, wants_the_spelling_that_was_sent) {
    struct SpellingCase {
        std::string_view sent;  // empty: lower case
        std::string_view came;
        ReplyMatch want;
    };
    const SpellingCase cases[] = {
        {"", "a.example", ReplyMatch::ours},
        {"", "A.eXample", ReplyMatch::ours},  // RFC 4343 §3
        {"a.example", "a.example", ReplyMatch::ours},
        {"A.eXamplE", "A.eXamplE", ReplyMatch::ours},
        {"A.eXamplE", "a.example", ReplyMatch::folded},
        {"A.eXamplE", "A.EXAMPLE", ReplyMatch::folded},
        {"A.eXamplE", "A.eXample", ReplyMatch::folded},
        {"A.eXamplE", "A.eXampl", ReplyMatch::not_ours},
        {"A.eXamplE", "A.eXamplE.x", ReplyMatch::not_ours},
        {"A.eXamplE", "Ax.eXamplE", ReplyMatch::not_ours},
        {"A.eXamplE", "", ReplyMatch::not_ours},
    };
    for (const SpellingCase& c : cases) {
        Query query;
        query.id = 7;
        query.name = *DomainName::parse("a.example");
        query.type = RrType::txt;
        query.spelling = c.sent;
        const Bytes message = MessageBuilder(7, tests::response_flags, c.came, RrType::txt).octets();
        EXPECT_EQ(match_reply(message, query), c.want) << c.sent << " and " << c.came;
    }
}

// A reply's question is its first name: a pointer there leads nowhere (RFC 1035 §4.1.4).
TEST(ReplyMatcher, refuses_a_compressed_question) {
    Query query;
    query.id = 7;
    query.name = *DomainName::parse("a.example");
    query.type = RrType::txt;
    Bytes message = MessageBuilder(query).octets();
    message[12] = 0xc0;
    message[13] = 0x00;
    EXPECT_NE(match_reply(message, query), ReplyMatch::ours);
}

}  // namespace
}  // namespace gatepost::dns
