// Queries to octets, and RDATA to our types (RFC 1035 §3.3, §4, RFC 3596, RFC 6891). The one door to ldns.
// wire_message screens a message before (lengths, counts, names, record borders), and ldns is given single
// records of the types that we use, never a whole message.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/record.hpp"
#include "dns/wire_message.hpp"

#include <cstdint>
#include <optional>
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

// RDATA of one record.
struct DecodedData {
    bool sound = false;  // false: it breaks its type's format
    // None although sound: a name that is no DomainName, or a type that no caller asks for.
    std::optional<RecordData> data;
};
DecodedData decode_data(Octets message, const RawRecord& record);

// The MINIMUM field of an SOA record (RFC 2308 §4); nullopt: malformed.
std::optional<std::uint32_t> decode_soa_minimum(Octets message, const RawRecord& record);

}  // namespace gatepost::dns
