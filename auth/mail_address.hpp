// Address lists of header fields by the whole grammar: RFC 5322 §3.4 with its obsolete forms (§4.4: routes,
// blanks and comments around dots, empty list members), groups (RFC 6854) and UTF-8 (RFC 6532). Encoded words
// (RFC 2047) stay as they are: to decode before parsing would let a display name become an address. A local
// part that may hold one is refused (§5: no encoded word in an addr-spec).
//
// Two things beyond the grammar: a mailbox without any domain (`root (Cron Daemon)`) is told apart from text
// that cannot be read at all, since old programs write it and rules may forgive it; and a local part may have
// dots where the grammar has none (`a..b@`, `a.@`).
#pragma once

#include "auth/address_lexer.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth {

// local: no honest address nests comments so deep, and a reader that recurses would fall over.
inline constexpr std::size_t max_comment_depth = 100;

struct Mailbox {
    std::string local_part;  // its meaning: quotes, quoted-pairs, blanks and comments gone
    std::string domain;      // likewise, in UTF-8, its case kept; a literal with its brackets; empty: none
    bool is_literal = false;

    // local-part@domain, the local-part quoted where it has to be (RFC 5322 §3.4.1; dots need no quotes).
    // Empty without a domain.
    std::string text() const;
};

struct AddressList {
    std::vector<Mailbox> mailboxes;  // members of groups included, in order
    bool has_group = false;
};

// Takes a field's value with its folds undone (unfold()), and reads it step by step for callers that give
// turns in between. 8-bit octets that are not UTF-8 are taken in display names, quoted ones and comments,
// where they decide nothing, and refused in addresses.
class AddressListReader {
  public:
    // `value` must outlive this.
    explicit AddressListReader(std::string_view value) : lexer_(value) { advance(); }

    // Reads the next member, or some of the words of a long display name. False: the end, or what is not in
    // the grammar.
    bool read_next();
    // Once; reads first what is left. nullopt where it is not in the grammar. Linear in the length.
    std::optional<AddressList> finish();

  private:
    void advance() { token_ = lexer_.next(); }
    bool is_at_word() const;
    void take_words(std::size_t most);
    bool parse_member();
    bool begin_next_member();
    bool parse_addr_spec();
    bool parse_domain(Mailbox& mailbox);
    bool advance_over_gap();
    bool parse_angle_addr();
    bool skip_route();

    AddressLexer lexer_;
    AddressToken token_;
    std::vector<AddressToken> words_;  // and dots before token_: of a display name or a local-part
    bool is_in_group_ = false;
    bool is_read_ = false;
    bool is_in_grammar_ = true;
    AddressList list_;
};

// All of it at once.
std::optional<AddressList> parse_address_list(std::string_view value);

// A quoted-string (RFC 5322 §3.2.4) that means `text`, which holds no NUL, CR or LF.
std::string quote_string(std::string_view text);

// 1*atext *("." 1*atext), UTF-8 allowed (RFC 5322 §3.2.3, RFC 6532 §3.2).
bool is_dot_atom(std::string_view text);

// A local part of atext and dots in any order, at least one of them atext: what is taken without quotes.
bool is_dotted_local_part(std::string_view text);

}  // namespace gatepost::auth
