// Results of a DMARC evaluation (RFC 9989 §5.3, §9.1 and the words of RFC 8601) with all that policy, header
// and aggregate report draw from it.
#pragma once

#include "auth/reason.hpp"

#include "dns/domain_name.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::auth::dmarc {

enum class Result { none, pass, fail, temperror, permerror };
enum class Policy { none, quarantine, reject };
enum class Discovery { treewalk, psl };
enum class AlignmentMode { relaxed, strict };
// An identifier aligns, does not, or trouble of the DNS leaves it open.
enum class Alignment { no, yes, unknown };

std::string_view to_string(Result result);
std::string_view to_string(Policy policy);
std::string_view to_string(Discovery discovery);
std::string_view to_string(AlignmentMode mode);

// A policy record as published, invalid values already replaced as RFC 9989 §4.7 and §4.10.1 say.
struct Record {
    std::string text;  // as found in the DNS
    Policy p = Policy::none;
    std::optional<Policy> sp;
    std::optional<Policy> np;
    AlignmentMode adkim = AlignmentMode::relaxed;
    AlignmentMode aspf = AlignmentMode::relaxed;
    bool testing = false;     // t=y
    std::optional<bool> psd;  // psd=y, psd=n; absent: u
    std::string fo;           // as published, empty where absent
    std::string rua;          // as published
    std::string ruf;
    friend bool operator==(const Record&, const Record&) = default;
};

struct Evaluation {
    Result result = Result::none;
    Discovery discovery = Discovery::treewalk;
    std::optional<dns::DomainName> author_domain;
    std::optional<dns::DomainName> record_domain;  // where the record that applies was found
    std::optional<dns::DomainName>
        organizational_domain;  // of the author domain; absent where trouble hid it
    std::optional<Record> record;
    // What the Domain Owner asks for mail of this author domain that fails: p, sp or np (RFC 9989 §4.10.1) …
    Policy policy = Policy::none;
    // … and the same after t=y took it a step down (RFC 9989 §4.7). Absent record: none.
    Policy applied_policy = Policy::none;
    // "p", "sp" or "np": where `policy` comes from. Empty without a record, and where trouble hides which one
    // applies: `policy` is then the strictest that may.
    std::string policy_tag;
    Alignment spf_aligned = Alignment::no;   // a passing MAIL FROM identity aligns
    Alignment dkim_aligned = Alignment::no;  // a passing signature's d= aligns
    bool spf_domain_aligned = false;         // the MAIL FROM domain aligns, whatever SPF said of it
    bool dkim_domain_aligned = false;        // some DKIM-Signature, broken ones too, names an aligned d=
    // Trouble hides whether the one, or the other where it is false, holds.
    bool spf_domain_open = false;
    bool dkim_domain_open = false;
    Reason reason;  // why it is no pass
};

}  // namespace gatepost::auth::dmarc
