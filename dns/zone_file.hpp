// A master file (RFC 1035 §5.1) as lines of local records (local_records.hpp), for `dns.overrides: {file:
// …}`: comments, blank lines, records over several lines in parentheses, owners left out, $ORIGIN, @ and
// $TTL. $INCLUDE is refused: the configuration names one file. Classes and types are for local_records to
// judge.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::dns {

struct ZoneFile {
    struct Record {
        std::size_t line;  // where it begins, from 1
        std::string text;  // for parse_local_record(): absolute names, the TTL where $TTL gives one
    };
    struct Error {
        std::size_t line;
        std::string text;
    };
    std::vector<Record> records;
    std::vector<Error> errors;
};

// Names without a last dot are below $ORIGIN, and absolute where there is none.
ZoneFile read_zone_file(std::string_view text);

}  // namespace gatepost::dns
