// An SPF record, parsed whole before any of it is evaluated (RFC 7208 §4.6, §5, §6, by the grammar of §12): a
// syntax error anywhere makes it a permerror.
#pragma once

#include "auth/reason.hpp"
#include "auth/spf/macro.hpp"
#include "auth/spf/result.hpp"

#include "dns/answer.hpp"
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

// What is wrong; its detail is the term, printable, bounded and quoted.
struct SyntaxError {
    Reason reason;
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
    std::optional<MacroString> redirect() const { return macro_string(redirect_); }
    std::optional<MacroString> explanation() const { return macro_string(explanation_); }  // exp=

  private:
    // A part of text_; empty: there is none. Macro strings are made when they are asked for, as directives
    // are: a record that is kept beside its answer takes little more than its text.
    struct Part {
        std::size_t begin = 0;
        std::size_t length = 0;
    };

    bool check_term(std::string_view term);
    bool check_modifier(std::string_view name, std::string_view value);
    bool take_known_modifier(Part& modifier, std::string_view value);
    std::optional<MacroString> macro_string(const Part& part) const;

    std::string text_;
    Part redirect_;
    Part explanation_;
};

// Takes the answer for TXT, not one of trouble: is any of the texts an SPF record?
bool holds_spf(const dns::Answer& answer);

// What a domain with SPF records says (RFC 7208 §4.5, §4.6).
struct SeveralRecords {};
using Published = std::variant<SeveralRecords, SyntaxError, Record>;

// Takes an answer for which holds_spf() holds.
Published read_published(const dns::Answer& answer);

}  // namespace gatepost::auth::spf
