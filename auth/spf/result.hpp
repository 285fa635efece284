// Results of an SPF check (RFC 7208 §2.6, in the words of RFC 8601 §2.7.2) and all that header, log, policy
// and report want to know of it.
#pragma once

#include "auth/reason.hpp"

#include "dns/domain_name.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::auth::spf {

enum class Result { none, neutral, pass, fail, softfail, temperror, permerror };
enum class Scope { helo, mailfrom };

std::string_view to_string(Result result);
std::string_view to_string(Scope scope);

struct Check {
    Result result = Result::none;
    bool evaluated = true;  // false: nobody asked, `reason` says why, and the result is none
    Scope scope = Scope::mailfrom;
    std::optional<dns::DomainName>
        domain;               // the one checked; absent where it is no domain name (result none)
    std::string mechanism;    // the directive that matched, as written in its record ("-all"), or empty
    std::string explanation;  // of a fail with exp=, made safe for a reply: printable ASCII, bounded
    Reason reason;            // why none, temperror or permerror, or why it was not evaluated
    unsigned lookups = 0;     // terms that count against the limit of ten (RFC 7208 §4.6.4)
    unsigned void_lookups = 0;
};

}  // namespace gatepost::auth::spf
