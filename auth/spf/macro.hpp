// Macro strings of SPF records (RFC 7208 §7): parsed once, which finds every syntax error before anything is
// evaluated (§4.6), then expanded with the values of one check. Whoever sends mail writes both the strings
// and the values, so a parsed string is a few octets a macro, and an expansion never costs more than the
// bounded text that it gives.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::spf {

// Where a macro string stands decides what may stand in it (RFC 7208 §7.1, §7.2).
enum class MacroUse {
    domain_spec,     // ends in a top label or a macro; no c, r, t
    modifier_value,  // of an unknown modifier
    explanation,     // spaces are allowed too
};

// What the letters stand for in one check (RFC 7208 §7.2). %{d} and %{p} change with the domain under
// evaluation.
struct MacroValues {
    std::string sender;         // s
    std::string local_part;     // l
    std::string sender_domain;  // o
    std::string domain;         // d
    std::string client_name;    // p
    std::string helo;           // h
    std::string receiver;       // r
    // i, c, v and t are made of these when they are asked for: few records have macros.
    dns::IpAddress client;
    std::chrono::system_clock::time_point now;

    std::string of(char letter) const;
};

class MacroString {
  public:
    // nullopt: a syntax error for that use.
    static std::optional<MacroString> parse(std::string_view text, MacroUse use);

    // Does a macro of this letter (lower case) occur, escaped or not?
    bool uses(char letter) const;

    // The <target-name> of RFC 7208 §4.8: labels cut from the left until 253 characters are left (§7.3).
    // nullopt: what results is no domain name, for instance for an empty or too long label.
    std::optional<dns::DomainName> expand_to_name(const MacroValues& values) const;
    // The expanded text, cut after `max_octets`.
    std::string expand_to_text(const MacroValues& values, std::size_t max_octets) const;

  private:
    // Either octets [begin, begin + length) of text_ or a macro.
    struct Piece {
        std::uint32_t begin = 0;
        std::uint32_t length = 0;
        char letter = 0;  // 0: literal; '%', '_', '-': the escapes; else the macro's letter in lower case
        bool escaped = false;         // upper case: URL-escaped (RFC 7208 §7.3)
        bool reversed = false;        // r
        std::uint8_t delimiters = 0;  // a set of bits; 0: none given
        std::uint16_t parts = 0;      // the right-hand parts to keep; 0: all
    };

    bool parse_pieces(MacroUse use);
    std::size_t parse_macro(std::size_t at, MacroUse use);
    void add_literal(std::size_t at);
    bool has_domain_end() const;
    std::string expand(const Piece& piece, const MacroValues& values) const;

    std::string text_;
    std::vector<Piece> pieces_;
};

}  // namespace gatepost::auth::spf
