#include "auth/address_lexer.hpp"

#include "auth/mail_address.hpp"

#include "dns/ascii.hpp"

namespace gatepost::auth {
namespace {

// What no structured field may hold anywhere, not even in a quoted-pair: their meaning depends on the reader.
bool is_forbidden(char c) {
    return c == '\0' || c == '\r' || c == '\n';
}

}  // namespace

bool is_atext(char c) {
    if (ascii::is_alnum(c) || ascii::is_8bit(c)) return true;
    return c != '\0' && std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
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

// RFC 5322 §3.2.2: comments nest. A counter and not a recursion: the sender chooses the depth.
bool AddressLexer::skip_comment() {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
        const char c = rest_[i];
        if (is_forbidden(c)) return false;
        if (c == '\\') {
            if (++i == rest_.size() || is_forbidden(rest_[i])) return false;
        } else if (c == '(') {
            if (++depth > max_comment_depth) return false;
        } else if (c == ')' && --depth == 0) {
            rest_.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

bool AddressLexer::skip_blanks_and_comments() {
    while (!rest_.empty()) {
        if (ascii::is_wsp(rest_.front()))
            rest_.remove_prefix(1);
        else if (rest_.front() != '(')
            return true;
        else if (!skip_comment())
            return false;
    }
    return true;
}

AddressToken AddressLexer::take(AddressTokenKind kind, std::size_t length) {
    const AddressToken token{kind, rest_.substr(0, length)};
    rest_.remove_prefix(length);
    return token;
}

AddressToken AddressLexer::delimited(AddressTokenKind kind, char close) {
    for (std::size_t i = 1; i < rest_.size(); ++i) {
        const char c = rest_[i];
        if (c == close) return take(kind, i + 1);
        if (is_forbidden(c) || (kind == AddressTokenKind::literal && c == '[')) break;
        if (c == '\\' && (++i == rest_.size() || is_forbidden(rest_[i]))) break;
    }
    failed_ = true;
    return {AddressTokenKind::error, {}};
}

AddressToken AddressLexer::next() {
    if (failed_ || !skip_blanks_and_comments()) {
        failed_ = true;
        return {AddressTokenKind::error, {}};
    }
    if (rest_.empty()) return {AddressTokenKind::end, {}};
    const char first = rest_.front();
    if (first == '"') return delimited(AddressTokenKind::quoted, '"');
    if (first == '[') return delimited(AddressTokenKind::literal, ']');
    if (std::string_view(".,;:@<>").find(first) != std::string_view::npos)
        return take(AddressTokenKind::special, 1);
    std::size_t length = 0;
    while (length < rest_.size() && is_atext(rest_[length]))
        ++length;
    if (length > 0) return take(AddressTokenKind::atom, length);
    failed_ = true;
    return {AddressTokenKind::error, {}};
}

}  // namespace gatepost::auth
