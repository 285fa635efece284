// Local records in zone-file syntax (RFC 1035 §5.1), one a line: NAME [TTL] [IN] TYPE DATA. Types A, AAAA,
// CNAME, MX, NS, PTR and TXT; names are absolute with or without their last dot; character-strings may be
// quoted and escaped. Text of the configuration, so a mistake is told, not guessed at.
#pragma once

#include "dns/record.hpp"
#include "dns/zone_resolver.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::dns {

struct LocalRecord {
    DomainName name;
    RrType type = RrType::txt;
    RecordData data;
    std::chrono::seconds ttl{300};
};

struct LocalRecordResult {
    std::optional<LocalRecord> record;
    std::string error;  // where there is no record: what is wrong, for people
};
LocalRecordResult parse_local_record(std::string_view line);

struct LocalZone {
    std::shared_ptr<const ZoneResolver> zone;  // never null; without the lines that are in error
    struct Error {
        std::size_t line;  // index into the lines given
        std::string text;
    };
    std::vector<Error> errors;
};
// All lines together: also tells a CNAME that stands beside other records (RFC 1034 §3.6.2).
LocalZone make_local_zone(const std::vector<std::string>& lines);

}  // namespace gatepost::dns
