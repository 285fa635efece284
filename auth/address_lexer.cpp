#include "auth/address_lexer.hpp"

#include "auth/mail_address.hpp"

#include "dns/ascii.hpp"

#include <array>
#include <limits>

namespace gatepost::auth {
namespace {

// RFC 5322 §3.2.3, by octet: a header has room for half a million of them.
constexpr auto atext = [] {
    std::array<bool, std::numeric_limits<unsigned char>::max() + 1> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
        table[i] = ascii::is_alnum(static_cast<char>(i)) || ascii::is_8bit(static_cast<char>(i));
    for (const char c : std::string_view("!#$%&'*+-/=?^_`{|}~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_special(char c) {
    switch (c) {
        case '.':
        case ',':
        case ';':
        case ':':
        case '@':
        case '<':
        case '>':
            return true;
        default:
            return false;
    }
}

// What no structured field may hold anywhere, not even in a quoted-pair: their meaning depends on the reader.
bool is_forbidden(char c) {
    return c == '\0' || c == '\r' || c == '\n';
}

}  // namespace

bool is_atext(char c) {
    return atext[static_cast<unsigned char>(c)];
}

std::string unquote(std::string_view quoted) {
    std::string text;
    text.reserve(quoted.size());
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        if (quoted[i] == '\\' && i + 2 < quoted.size()) ++i;
        text += quoted[i];
    }
    return text;
}

namespace {

// RFC 5322 §3.2.2: comments nest. A counter and not a recursion: the sender chooses the depth.
bool skip_comment(std::string_view& rest) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const char c = rest[i];
        if (is_forbidden(c)) return false;
        if (c == '\\') {
            if (++i == rest.size() || is_forbidden(rest[i])) return false;
        } else if (c == '(') {
            if (++depth > max_comment_depth) return false;
        } else if (c == ')' && --depth == 0) {
            rest.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

}  // namespace

bool skip_cfws(std::string_view& rest) {
    while (!rest.empty()) {
        if (ascii::is_wsp(rest.front()))
            rest.remove_prefix(1);
        else if (rest.front() != '(')
            return true;
        else if (!skip_comment(rest))
            return false;
    }
    return true;
}

std::string_view cut_delimited(std::string_view& rest, char close) {
    for (std::size_t i = 1; i < rest.size(); ++i) {
        const char c = rest[i];
        if (c == close) {
            const std::string_view whole = rest.substr(0, i + 1);
            rest.remove_prefix(i + 1);
            return whole;
        }
        if (is_forbidden(c) || (close == ']' && c == '[')) break;
        if (c == '\\' && (++i == rest.size() || is_forbidden(rest[i]))) break;
    }
    return {};
}

AddressToken AddressLexer::take(AddressTokenKind kind, std::size_t length) {
    const AddressToken token{kind, rest_.substr(0, length)};
    rest_.remove_prefix(length);
    return token;
}

AddressToken AddressLexer::fail() {
    failed_ = true;
    return {AddressTokenKind::error, {}};
}

AddressToken AddressLexer::delimited(AddressTokenKind kind, char close) {
    const std::string_view whole = cut_delimited(rest_, close);
    return whole.empty() ? fail() : AddressToken{kind, whole};
}

AddressToken AddressLexer::next() {
    if (failed_ || !skip_cfws(rest_)) return fail();
    if (rest_.empty()) return {AddressTokenKind::end, {}};
    const char first = rest_.front();
    if (first == '"') return delimited(AddressTokenKind::quoted, '"');
    if (first == '[') return delimited(AddressTokenKind::literal, ']');
    if (is_special(first)) return take(AddressTokenKind::special, 1);
    std::size_t length = 0;
    while (length < rest_.size() && is_atext(rest_[length]))
        ++length;
    return length > 0 ? take(AddressTokenKind::atom, length) : fail();
}

}  // namespace gatepost::auth
