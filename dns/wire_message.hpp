// The frame of a DNS message (RFC 1035 §4.1), read by our own code before any library sees it: header,
// question, and where each record lies. Names are followed through their compression here, so that no loop,
// overlong name or forward pointer gets further.
#pragma once

#include "dns/domain_name.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gatepost::dns {

using Octets = std::span<const std::uint8_t>;

inline constexpr std::size_t header_octets = 12;  // RFC 1035 §4.1.1

struct MessageHeader {
    std::uint16_t id = 0;
    bool response = false;
    unsigned opcode = 0;
    bool authoritative = false;
    bool truncated = false;
    bool authentic_data = false;
    unsigned rcode = 0;  // the header's four bits
    std::uint16_t questions = 0;
    std::uint16_t answers = 0;
    std::uint16_t authorities = 0;
    std::uint16_t additionals = 0;
};
// nullopt: shorter than 12 octets, longer than 65535.
std::optional<MessageHeader> read_header(Octets message);

struct WireName {
    // nullopt: sound on the wire, but too long as text once a '.' inside a label is escaped. Such a dot is
    // written \046, so that the name passes for no other.
    std::optional<DomainName> name;
    std::size_t end = 0;  // the offset behind it
};
// The name at `offset`; nullopt: malformed (cut, over 255 octets, an unknown label type, a pointer that does
// not lead back).
std::optional<WireName> read_name(Octets message, std::size_t offset);

struct Question {
    std::optional<DomainName> name;
    std::uint16_t type = 0;
    std::uint16_t record_class = 0;
    std::size_t end = 0;
};
// The question of a message that has exactly one; nullopt: it has another number, or it is malformed.
std::optional<Question> read_question(Octets message);

enum class Section { answer, authority, additional };

struct RawRecord {
    Section section = Section::answer;
    std::optional<DomainName> owner;
    std::uint16_t type = 0;
    std::uint16_t record_class = 0;
    std::uint32_t ttl = 0;   // as sent
    std::size_t offset = 0;  // of the owner
    std::size_t data = 0;    // of RDATA
    std::size_t data_size = 0;
};
// All records, in order; nullopt: the counts do not fit the message, or a record is malformed, or there is
// a transaction signature (TSIG, SIG(0)), which no reply to an unsigned query has.
std::optional<std::vector<RawRecord>> read_records(Octets message);

// 16 bits in network order at `offset`, which lies within the message.
std::uint16_t read_16_bits(Octets message, std::size_t offset);

}  // namespace gatepost::dns
