// DNS messages as octets (RFC 1035 §4, RFC 6891): our queries out, replies in. The one door to ldns, and the
// screen before it: lengths, counts, names and record borders are checked here first, and only records that
// can belong to the answer are given to ldns.
//
// A reply is believed as far as it answers the question: the RRset at the name asked for, or at the end of
// the CNAME chain that starts there; whatever else the message carries is passed over.
#pragma once

#include "dns/answer.hpp"
#include "dns/domain_name.hpp"
#include "dns/record.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gatepost::dns {

// The largest reply that we take over UDP (DNS flag day 2020: fits any path without fragments).
inline constexpr std::size_t edns_udp_octets = 1232;

struct Query {
    std::uint16_t id = 0;
    DomainName name;
    RrType type = RrType::a;
    bool edns = true;  // with an OPT record; without for servers that do not know it (RFC 6891 §7)
};

// The query's octets: RD set, class IN, one question.
std::vector<std::uint8_t> encode_query(const Query& query);

// What is read of a message before anything is decoded.
struct MessageHeader {
    std::uint16_t id = 0;
    bool response = false;
    unsigned opcode = 0;
    bool truncated = false;
    bool authoritative = false;
    bool authentic_data = false;
    bool recursion_available = false;
    unsigned rcode = 0;  // the header's four bits
    std::uint16_t questions = 0;
    std::uint16_t answers = 0;
    std::uint16_t authorities = 0;
    std::uint16_t additionals = 0;
};
// nullopt: shorter than 12 octets, longer than 65535.
std::optional<MessageHeader> read_header(std::span<const std::uint8_t> message);

struct Question {
    DomainName name;
    std::uint16_t type = 0;
    std::uint16_t record_class = 0;
};
// The first question of a message that has one; nullopt: it is cut or its name is malformed.
std::optional<Question> read_question(std::span<const std::uint8_t> message);

struct Reply {
    enum class Kind {
        answer,        // `answer` holds success, no_data or nx_domain
        truncated,     // TC: nothing of it was read; ask again over TCP
        format_error,  // FORMERR, NOTIMP or BADVERS: the server may not know EDNS
        failure,       // SERVFAIL, REFUSED and the like, `detail` names it
        malformed,     // `detail` says what is wrong
    };
    Kind kind = Kind::malformed;
    Answer answer;
    // The CNAME chain ends at this name and the server did not say what is there (it does not resolve for
    // others, or gave up): ask for it.
    std::optional<DomainName> continue_at;
    std::string detail;
};

// Reads a reply to `query` that reply_matcher accepted. Bounded in time and memory by the message's length.
Reply decode_reply(std::span<const std::uint8_t> message, const Query& query);

}  // namespace gatepost::dns
