// The tokens of structured header fields that hold addresses (RFC 5322 §3.2): atoms, quoted strings, domain
// literals and specials; blanks and comments between them are skipped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatepost::auth {

enum class AddressTokenKind {
    end,
    atom,     // 1*atext, octets above 127 included
    quoted,   // a quoted-string, its quotes included
    literal,  // a domain literal, its brackets included
    special,  // one of . , ; : @ < >
    error,    // an octet that begins no token, or something left open
};

struct AddressToken {
    AddressTokenKind kind = AddressTokenKind::end;
    std::string_view text;

    bool is(char special) const { return kind == AddressTokenKind::special && text.front() == special; }
};

// Cuts blanks and comments (CFWS, RFC 5322 §3.2.2) off the front of `rest`. False: a comment is left open,
// nests deeper than max_comment_depth, or holds a NUL, CR or LF.
bool skip_cfws(std::string_view& rest);

// Cuts a quoted-string or domain literal, `close` its last character, off the front of `rest` and gives it,
// its delimiters included. Empty: it is left open, or holds a NUL, CR or LF.
std::string_view cut_delimited(std::string_view& rest, char close);

class AddressLexer {
  public:
    // `value` outlives the lexer and its tokens; folds are undone already, a CR or LF is an error.
    explicit AddressLexer(std::string_view value) : rest_(value) {}

    // The next token; after `end` or `error` the same again.
    AddressToken next();

  private:
    AddressToken take(AddressTokenKind kind, std::size_t length);
    AddressToken fail();
    AddressToken delimited(AddressTokenKind kind, char close);

    std::string_view rest_;
    bool failed_ = false;
};

// RFC 5322 §3.2.3, with UTF-8 as RFC 6532 §3.2 adds it: true for octets above 127, too.
bool is_atext(char c);

// What a quoted-string means: its quotes and the backslashes of its quoted-pairs gone (RFC 5322 §3.2.4).
std::string unquote(std::string_view quoted);

}  // namespace gatepost::auth
