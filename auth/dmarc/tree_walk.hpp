// The DNS Tree Walk of RFC 9989 §4.10: policy records at a name and above it, at most eight questions.
#pragma once

#include "auth/dmarc/record.hpp"

#include "dns/domain_name.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::auth::dmarc {

inline constexpr std::size_t max_walk_queries = 8;  // RFC 9989 §4.10

// What "_dmarc" below one name holds.
struct RecordLookup {
    std::optional<ParsedRecord> record;  // exactly one policy record
    bool several = false;                // more than one: all discarded (RFC 9989 §4.10 steps 2 and 6)
    bool trouble = false;                // the DNS failed: nobody knows; `reason` says how
    bool name_exists = false;            // the answer shows that the name itself exists
    Reason reason;
};

// Never throws for trouble of the DNS. A name too long to have "_dmarc" below it has no record.
boost::asio::awaitable<RecordLookup> lookup_record(dns::DomainName name, dns::Resolver& resolver);

struct FoundRecord {
    dns::DomainName name;
    ParsedRecord parsed;
};

struct Walk {
    dns::DomainName start;
    std::vector<FoundRecord> found;  // the longest name first
    bool trouble = false;            // the DNS failed at some step, which ended the walk; `reason` says where
    bool start_exists = false;       // an answer shows that `start` exists
    Reason reason;

    // RFC 9989 §4.10.2. nullopt: trouble hides it.
    std::optional<dns::DomainName> organizational_domain() const;
    // Where trouble hides it: the last record found before, without psd. The Organizational Domain is there
    // or above. nullopt: none was found.
    std::optional<dns::DomainName> last_before_trouble() const;
    const FoundRecord* record_at(const dns::DomainName& name) const;
};

// The names asked for, in order: `start`, then what RFC 9989 §4.10 steps 4 and 7 leave of it.
std::vector<dns::DomainName> walk_targets(const dns::DomainName& start);

boost::asio::awaitable<Walk> tree_walk(dns::DomainName start, dns::Resolver& resolver);

}  // namespace gatepost::auth::dmarc
