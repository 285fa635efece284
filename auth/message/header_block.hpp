// The header section of a message, parsed once: fields as views into octets that never move or change
// (RFC 5322 §2.2). Every check and every writer reads this one object, so that no two parts of the product
// can disagree about what the header says.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth {

// One field. `raw` is the whole of it as received, its final CRLF included; the others are parts of it.
struct HeaderField {
    std::string_view raw;
    std::string_view name;  // before the colon, blanks before the colon cut off (obs-optional, RFC 5322 §4.5)
    std::string_view value;  // after the colon, folds and leading blanks included, the final CRLF not

    bool is(std::string_view field_name) const;  // without case
    // Some reader could take it for a field of that name: is(), or so once every octet of the name that is
    // not a visible ASCII character is dropped (a byte order mark, blanks, folds).
    bool reads_as(std::string_view field_name) const;
};

enum class HeaderFault {
    none,
    line_without_colon,    // a line that is neither a field, nor a continuation, nor the empty line
    leading_continuation,  // the first line begins with a blank
    empty_name,            // a colon at the start of the line
    invalid_name,          // octets outside 33..126 in a field name (RFC 5322 §2.2)
    nul,                   // a NUL octet in the header
    bare_cr_or_lf,         // a CR or LF alone
    too_many_fields,
};

inline constexpr std::size_t header_faults = static_cast<std::size_t>(HeaderFault::too_many_fields) + 1;

std::string_view to_string(HeaderFault fault);
// For people, without the sender's words: "malformed header: a line without a colon (line 5 of the message)".
std::string malformed_header_text(HeaderFault fault, std::size_t line);

class HeaderBlock {
  public:
    // Takes the octets from the first field to the empty line, which may be missing (a message without a
    // body). Always gives a block; `fault()` tells what is wrong with it, and fields after a fault are still
    // listed as far as they can be told apart. `max_fields`: more are not listed, and the fault says so;
    // strays() count, too. A line of mbox tools on top (mbox_line.hpp) is left out: no field, and not among
    // octets().
    static std::shared_ptr<const HeaderBlock> parse(std::string octets, std::size_t max_fields = 1000);

    const std::vector<HeaderField>& fields() const { return fields_; }
    // What is no field by the grammar and has a colon all the same, with its continuation lines: a reader
    // that unfolds before it looks for the colon could take it for one.
    const std::vector<HeaderField>& strays() const { return strays_; }
    // The first fault met.
    HeaderFault fault() const { return fault_; }
    // `fault` was met somewhere: a harmless one at the top must not hide a grave one below it.
    bool has(HeaderFault fault) const { return ((faults_ >> static_cast<unsigned>(fault)) & 1U) != 0; }
    // The line where `fault` was met first, from 1; 0: nowhere.
    std::size_t line_of(HeaderFault fault) const;
    // All octets given but for the mbox line, the empty line (CRLF) included where there was one.
    std::string_view octets() const { return std::string_view(octets_).substr(mbox_line_octets_); }
    std::size_t count(std::string_view name) const;
    // The top-most field of that name, or null.
    const HeaderField* find(std::string_view name) const;

    HeaderBlock(const HeaderBlock&) = delete;
    HeaderBlock& operator=(const HeaderBlock&) = delete;

  private:
    explicit HeaderBlock(std::string octets) : octets_(std::move(octets)) {}
    void parse_fields(std::size_t max_fields);
    void note(HeaderFault fault, std::size_t at);

    std::string octets_;
    std::size_t mbox_line_octets_ = 0;
    std::vector<HeaderField> fields_;
    std::vector<HeaderField> strays_;
    HeaderFault fault_ = HeaderFault::none;
    unsigned faults_ = 0;                                // one bit for each HeaderFault
    std::array<std::size_t, header_faults> first_at_{};  // by HeaderFault: the octet where it was met first
};

using HeaderBlockPtr = std::shared_ptr<const HeaderBlock>;

// The value with its folds undone: each CRLF before a blank removed (RFC 5322 §2.2.3), the ends trimmed.
std::string unfold(std::string_view value);

}  // namespace gatepost::auth
