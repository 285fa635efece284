// An SPF record, parsed whole before any of it is evaluated (RFC 7208 §4.6, §5, §6, by the grammar of §12): a
// syntax error anywhere makes it a permerror.
#pragma once

#include "auth/spf/macro.hpp"
#include "auth/spf/result.hpp"

#include "dns/ip_address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gatepost::auth::spf {

enum class Mechanism { all, include, a, mx, ptr, ip4, ip6, exists };

struct Directive {
    Result qualifier = Result::pass;  // the result where the mechanism matches
    Mechanism mechanism = Mechanism::all;
    std::string text;                        // as written in the record, qualifier included
    std::optional<MacroString> domain_spec;  // absent: the domain under evaluation
    std::optional<dns::IpNetwork> network;   // of ip4 and ip6; absent where no client can be in it
    unsigned ip4_prefix = 32;                // of a and mx
    unsigned ip6_prefix = 128;
};

// What is wrong, for people; names the term, printable and bounded.
struct SyntaxError {
    std::string reason;
};

// RFC 7208 §4.5: does this TXT record begin with a version section of exactly "v=spf1"?
bool is_spf_record(std::string_view text);

// A record without syntax errors. Directives are made one at a time as evaluation comes to them: a hostile
// record of 64 KiB holds 30,000, and most are never reached.
class Record {
  public:
    // Takes a text for which is_spf_record() holds. Time grows with its length alone.
    static std::variant<Record, SyntaxError> parse(std::string text);

    // The first directive at or behind `position`, which then stands behind it; nullopt: there is none.
    // Begin with position 0.
    std::optional<Directive> next_directive(std::size_t& position) const;
    const std::optional<MacroString>& redirect() const { return redirect_; }
    const std::optional<MacroString>& explanation() const { return explanation_; }  // exp=

  private:
    bool check_term(std::string_view term);
    bool check_modifier(std::string_view name, std::string_view value);

    std::string text_;
    std::optional<MacroString> redirect_;
    std::optional<MacroString> explanation_;
};

}  // namespace gatepost::auth::spf
