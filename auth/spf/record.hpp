// An SPF record, parsed whole before any of it is evaluated (RFC 7208 §4.6, §5, §6, by the grammar of §12): a
// syntax error anywhere makes it a permerror.
#pragma once

#include "auth/reason.hpp"
#include "auth/spf/macro.hpp"
#include "auth/spf/result.hpp"

#include "dns/answer.hpp"
#include "dns/ip_address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gatepost::auth::spf {

enum class Mechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

struct Directive {
    Result qualifier = Result::pass;  // the result where the mechanism matches
    Mechanism mechanism = Mechanism::all;
    std::string text;                        // as written in the record, qualifier included
    std::optional<MacroString> domain_spec;  // absent: the domain under evaluation
    unsigned ip4_prefix = 32;                // of a and mx
    unsigned ip6_prefix = 128;
};

// RFC 7208 §4.6.4: all but all, ip4 and ip6.
constexpr bool needs_dns(Mechanism mechanism) {
    return mechanism != Mechanism::all && mechanism != Mechanism::ip4 && mechanism != Mechanism::ip6;
}

// What is wrong; its detail is the term, printable, bounded and quoted.
struct SyntaxError {
    Reason reason;
};

// RFC 7208 §4.5: does this TXT record begin with a version section of exactly "v=spf1"?
bool is_spf_record(std::string_view text);

// A record without syntax errors, kept beside its answer in a form in which 5,000 networks are looked through
// in microseconds. A hostile record has thousands of terms, and most are never reached: the others are made
// when evaluation comes to them.
class Record {
  public:
    // Takes a text for which is_spf_record() holds. Time and memory grow with its length alone.
    static std::variant<Record, SyntaxError> parse(std::string_view text);

    // How far next_for() has come.
    struct Position {
        std::size_t term = 0;
        std::size_t address = 0;
    };
    // The first directive behind `position` that matches the client by its own words (all, ip4, ip6), or has
    // to be asked the DNS for; `position` then stands behind it. nullopt: there is none.
    std::optional<Directive> next_for(const dns::IpAddress& client, Position& position) const;
    std::optional<MacroString> redirect() const { return macro_string(redirect_); }
    std::optional<MacroString> explanation() const { return macro_string(explanation_); }  // exp=

  private:
    // A part of text_; empty: there is none. Macro strings are made when they are asked for, as directives
    // are: a record that is kept beside its answer takes at most three times its text.
    struct Part {
        std::uint16_t begin = 0;
        std::uint16_t length = 0;
    };
    // A directive that can be reached: none stands behind "all", and no client is in some networks.
    struct Term {
        std::uint16_t begin = 0;
        Mechanism mechanism = Mechanism::all;
        std::uint8_t prefix = 0;  // of ip4 and ip6, whose address is next in addresses_
    };

    bool check_term(std::string_view term);
    bool check_modifier(std::string_view name, std::string_view value);
    bool take_known_modifier(Part& modifier, std::string_view value);
    void keep(std::string_view term, Mechanism mechanism, const std::optional<dns::IpNetwork>& network);
    std::uint16_t place_of(std::string_view part) const;
    std::optional<MacroString> macro_string(const Part& part) const;

    std::string text_;
    Part redirect_;
    Part explanation_;
    bool reached_all_ = false;
    std::vector<Term> terms_;
    std::vector<std::uint32_t> addresses_;  // one word an ip4, four an ip6
};

// Takes the answer for TXT, not one of trouble: the first of its texts that is an SPF record; null: none is.
const std::string* find_spf(const dns::Answer& answer);

// What a domain with SPF records says (RFC 7208 §4.5, §4.6).
struct SeveralRecords {};
using Published = std::variant<SeveralRecords, SyntaxError, Record>;

// Takes an answer in which find_spf() finds something.
Published read_published(const dns::Answer& answer);

}  // namespace gatepost::auth::spf
