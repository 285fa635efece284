// Queries to octets, and RDATA to our types (RFC 1035 §3.3, §4, RFC 3596, RFC 6891). The one door to ldns.
// wire_message screens a message before (lengths, counts, names, record borders), and ldns is given single
// records of the types that we use, never a whole message.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/record.hpp"
#include "dns/wire_message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::dns {

// The largest reply that we take over UDP (DNS flag day 2020: fits any path without fragments).
inline constexpr std::size_t edns_udp_octets = 1232;

// The data of a COOKIE option (RFC 7873 §4): the client cookie, the server's behind it where it is known.
class Cookie {
  public:
    static constexpr std::size_t client_octets = 8;
    static constexpr std::size_t max_octets = 40;
    Cookie() = default;
    // nullopt: no length that the option may have (8, or 16 to 40).
    static std::optional<Cookie> read(Octets data);

    Octets octets() const { return Octets(octets_).first(size_); }
    bool has_server_part() const { return size_ > client_octets; }
    bool same_client(const Cookie& other) const;
    friend bool operator==(const Cookie&, const Cookie&) = default;

  private:
    std::array<std::uint8_t, max_octets> octets_{};
    std::size_t size_ = 0;
};

struct Query {
    std::uint16_t id = 0;
    DomainName name;
    RrType type = RrType::a;
    bool edns = true;  // with an OPT record; without for servers that do not know it (RFC 6891 §7)
    bool authentic_data = false;  // the AD bit: tell whether the answer was validated (RFC 6840 §5.7)
    std::string spelling;         // the name as it is sent, its case mixed (name_case.hpp); empty: lower case
    std::optional<Cookie> cookie;  // sent with EDNS only
};

// The query's octets: RD set, class IN, one question.
std::vector<std::uint8_t> encode_query(const Query& query);

// What the OPT record of a reply says (RFC 6891 §6.1).
struct ReplyOptions {
    bool edns = false;            // there is one
    bool broken = false;          // it breaks its format, its cookie has an illegal length, or there are two
    unsigned extended_rcode = 0;  // the RCODE's upper eight bits
    std::optional<Cookie> cookie;
};
ReplyOptions read_options(Octets message, const std::vector<RawRecord>& records);

// RDATA of one record.
struct DecodedData {
    bool sound = false;  // false: it breaks its type's format
    // None although sound: a name that is no DomainName, or a type that no caller asks for.
    std::optional<RecordData> data;
};
DecodedData decode_data(Octets message, const RawRecord& record);

// The name that fills a DNAME record's RDATA (RFC 6672 §2.1); nullopt: malformed, or no DomainName.
std::optional<DomainName> decode_dname_target(Octets message, const RawRecord& record);

// The MINIMUM field of an SOA record (RFC 2308 §4); nullopt: malformed.
std::optional<std::uint32_t> decode_soa_minimum(Octets message, const RawRecord& record);

}  // namespace gatepost::dns
