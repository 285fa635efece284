// The result of validating an Authenticated Received Chain (RFC 8617 §4.4, §5.2).
#pragma once

#include "auth/reason.hpp"

#include "dns/domain_name.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::arc {

// There is no temperror: for want of an answer a chain has failed, too (RFC 8617 §5.2.1).
enum class Result { none, pass, fail };

std::string_view to_string(Result result);

// Who sealed one ARC Set, as its ARC-Seal says. Only of a chain that passes is it proven.
struct Sealer {
    unsigned instance = 0;
    std::optional<dns::DomainName> domain;  // d=; nullopt: it could not be read
    std::string selector;                   // s=, in A-labels
};

struct Chain {
    Result result = Result::none;  // none: the message has no ARC field at all
    unsigned instance = 0;         // the highest instance found; 0: none could be read
    Reason reason;                 // why it is no pass, or what the pass does not cover
    // A failure that only the DNS is to blame for: everything that could be looked at is in order. RFC 8617
    // §5.2.1 calls it a failure all the same; who would act upon the chain may want to wait.
    bool temporary = false;
    bool newest_says_fail = false;  // RFC 8617 §5.1 step 2: no further set is to be added
    // What the newest ARC-Message-Signature binds: of a pass, or of a temporary failure, which could have
    // been one. RFC 8617 asks for none of it; without it anyone may have written the From field, another
    // Subject above the signed one, or what follows the end of the signed body (dkim/coverage.hpp).
    bool covers_from = false;
    bool covers_repeated_fields = true;
    bool covers_whole_body = false;
    bool covers_all() const { return covers_from && covers_repeated_fields && covers_whole_body; }
    // Of a pass: its newest sealer saw the message as readers are shown it.
    bool proves_message() const { return result == Result::pass && covers_all(); }
    // Nobody can tell whether it is such a pass: nothing but an answer of the DNS is missing.
    bool is_open() const { return temporary && covers_all(); }
    std::vector<Sealer> sealers;  // in the order of their instances
};

}  // namespace gatepost::auth::arc
