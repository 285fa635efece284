// Resource record types and data that the product asks for, decoded from the wire once (RFC 1035 §3.3, RFC
// 3596).
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace gatepost::dns {

enum class RrType : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    ptr = 12,
    mx = 15,
    txt = 16,
    aaaa = 28
};

std::string_view to_string(RrType type);

struct MxData {
    std::uint16_t preference = 0;
    DomainName exchange;
    friend bool operator==(const MxData&, const MxData&) = default;
};

// A and AAAA: IpAddress. NS, CNAME and PTR: DomainName. MX: MxData. TXT: its character-strings joined with
// nothing between them (RFC 7208 §3.3, RFC 6376 §3.6.2.2).
using RecordData = std::variant<IpAddress, DomainName, MxData, std::string>;

}  // namespace gatepost::dns
