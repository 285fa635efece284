// Results of verifying DKIM signatures (RFC 6376 §3.9, in the words of RFC 8601 §2.7.1).
#pragma once

#include "auth/reason.hpp"

#include "dns/domain_name.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::auth::dkim {

enum class Result { none, pass, fail, policy, neutral, temperror, permerror };

std::string_view to_string(Result result);

// One DKIM-Signature field, in the order of the header from the top. Parts that could not be parsed are
// empty.
struct Signature {
    Result result = Result::none;
    std::optional<dns::DomainName> domain;  // d=
    std::string selector;                   // s=, in A-labels
    std::string identity;                   // i=, or its default "@d"
    std::string algorithm;                  // a=, as written
    unsigned key_bits = 0;                  // 0: no key was read
    bool key_absent = false;                // the DNS says that there is no key record
    std::string signature_prefix;           // RFC 6008: the first eight characters of b=
    Reason reason;                          // why it is no pass
    bool key_in_test_mode = false;          // t=y in the key record (RFC 6376 §3.6.1)
    bool partly_signed = false;             // it can never be a pass (coverage.hpp)

    // What those who rely on it may make of it. A key that the DNS could not give leaves it open whether the
    // signature is a pass, but not where it is policy at its best: nothing waits for that.
    Result standing() const { return result == Result::temperror && partly_signed ? Result::policy : result; }
};

}  // namespace gatepost::auth::dkim
