// The policy record of RFC 9989 §4.7 and §4.8: a tag list in a TXT record at "_dmarc" below a domain. Only
// its version is strict; every other mistake falls back to a tag's default or is ignored, tag by tag.
#pragma once

#include "auth/dmarc/result.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace gatepost::auth::dmarc {

// local: records have 100 to 500 octets, with many addresses in rua a few KiB. Of a longer one nothing is
// read and nothing kept: it is one without a valid policy.
inline constexpr std::size_t max_record_octets = 8 * 1024;

struct ParsedRecord {
    Record record;
    // False: p is missing or invalid, or sp or np is invalid, and no valid rua makes up for it, so that no
    // DMARC processing follows from this record (RFC 9989 §4.10.1). It still is the record of its name.
    bool applies = true;
    bool too_long = false;  // why it does not apply
};

// Takes the joined character-strings of one TXT record. nullopt: no DMARC policy record, since it does not
// begin with the tag v and exactly the value DMARC1.
std::optional<ParsedRecord> parse_record(std::string_view text);

// True where a list of reporting URIs holds at least one that is valid by RFC 3986 (RFC 9989 §4.8,
// dmarc-urilist); an obsolete size ("!10m") is looked through.
bool has_valid_uri(std::string_view uri_list);

// RFC 9989 §4.7, t=y: one level below the policy published.
Policy one_level_below(Policy policy);

}  // namespace gatepost::auth::dmarc
