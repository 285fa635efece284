// What a question to the DNS ended in. Absence has two kinds (RFC 2308 §2): the name has no such record, or
// the name does not exist; trouble is neither, and no caller may take it for an absence.
#pragma once

#include "dns/record.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gatepost::dns {

enum class Outcome {
    success,     // at least one record
    no_data,     // NOERROR without a record of the type: the name exists
    nx_domain,   // NXDOMAIN: neither the name nor anything below it exists (RFC 8020)
    temp_error,  // time-out, SERVFAIL, REFUSED, malformed, budget spent, cancelled; `detail` says which and
                 // from whom
};

struct Answer {
    Outcome outcome = Outcome::temp_error;
    std::vector<RecordData> records;  // the whole RRset, at the end of any CNAME chain
    std::chrono::seconds ttl{0};      // the smallest of the chain; of an absence, by its SOA (RFC 2308 §5)
    bool authentic_data = false;
    std::string detail;  // for people: why it is temp_error, which server said so

    bool found() const { return outcome == Outcome::success; }
    bool failed() const { return outcome == Outcome::temp_error; }
};

// Answers are shared with the cache and never changed.
using AnswerPtr = std::shared_ptr<const Answer>;

}  // namespace gatepost::dns
