#include "auth/message/unquoted_name.hpp"

#include "auth/address_lexer.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

namespace gatepost::auth {
namespace {

constexpr std::string_view separators = ",;:@";

// local: ten times what honest names lack quotes in; each octet is looked at some twenty times.
constexpr std::size_t max_octets = 16 * 1024;

struct Parts {
    std::string_view name;
    std::string_view address;
};

// `name "<" address ">"`: the name ends at the first "<", even one in quotes or a comment.
std::optional<Parts> split(std::string_view value) {
    const std::size_t open = value.find('<');
    const std::size_t close = value.find('>');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
        !ascii::trim(value.substr(close + 1)).empty())
        return std::nullopt;
    return Parts{value.substr(0, open), ascii::trim(value.substr(open + 1, close - open - 1))};
}

// Quotes, comments and brackets are closed: nothing of the name reaches into the address. `DOMAIN\user` and
// `:)` are no tokens, and harmless in a name without `@`; a backslash before a special might quote it.
bool has_whole_tokens(std::string_view name) {
    const bool has_at = name.find('@') != std::string_view::npos;
    AddressLexer lexer(name);
    std::string_view rest = name;
    while (true) {
        const AddressToken token = lexer.next();
        if (token.kind == AddressTokenKind::end) return true;
        if (token.kind != AddressTokenKind::error) {
            rest = name.substr(static_cast<std::size_t>(token.text.data() + token.text.size() - name.data()));
            continue;
        }
        if (has_at || !skip_cfws(rest) || rest.empty()) return false;
        const bool is_backslash = rest.size() > 1 && rest.front() == '\\' && is_atext(rest[1]);
        if (!is_backslash && rest.front() != ')') return false;
        rest.remove_prefix(1);
        lexer = AddressLexer(rest);
    }
}

// `text` of `=?charset?Q?text?=` as RFC 2047 §4.2 has it, and nothing in it that decodes to a special of an
// address, nor to "=", which begins another encoded word.
bool is_harmless_q(std::string_view text) {
    constexpr std::string_view refused[] = {"40", "3c", "3e", "2c", "3b", "3a", "3d", "22", "5c", "28", "29"};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (!ascii::is_visible(c) || c == '@') return false;
        if (c != '=') continue;
        const std::string_view digits = text.substr(i + 1, 2);
        const auto equals = [&](std::string_view other) {
            return ascii::equals_ignoring_case(digits, other);
        };
        constexpr std::string_view hex = "0123456789abcdefABCDEF";
        if (digits.size() < 2 || digits.find_first_not_of(hex) != std::string_view::npos) return false;
        if (digits[0] < '2' || std::any_of(std::begin(refused), std::end(refused), equals)) return false;
    }
    return true;
}

// The encoded words of `name` (RFC 2047 §2), which has no `@`, hide no address from readers that decode them
// before they parse. Charsets alone in which ASCII is ASCII; base64 is not looked into.
bool has_harmless_encoded_words(std::string_view name) {
    constexpr std::string_view charsets[] = {"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15",
                                             "windows-1252"};
    const bool has_at = name.find('@') != std::string_view::npos;
    for (std::size_t at = name.find("=?"); at != std::string_view::npos; at = name.find("=?", at)) {
        if (has_at) return false;
        const std::string_view word = name.substr(at + 2);
        const std::size_t charset = word.find('?');
        if (charset == std::string_view::npos || !ascii::equals_ignoring_case(word.substr(charset, 3), "?q?"))
            return false;
        const auto equals = [&](std::string_view other) {
            return ascii::equals_ignoring_case(word.substr(0, charset), other);
        };
        if (std::none_of(std::begin(charsets), std::end(charsets), equals)) return false;
        const std::size_t end = word.find('?', charset + 3);
        if (end == std::string_view::npos || word.substr(end, 2) != "?=") return false;
        if (!is_harmless_q(word.substr(charset + 3, end - charset - 3))) return false;
        at += 2 + end + 2;
    }
    return true;
}

bool is_plain(char c) {
    return is_atext(c) || ascii::is_wsp(c) || c == '.' || separators.find(c) != std::string_view::npos;
}

// No reader takes `text` for a domain: it has no dot, and nothing that becomes one where names are mapped
// (UTS 46; U+3002 and its forms, U+2024 to U+2026, digits with a full stop, U+33C2, U+33C7 and U+33D8
// (`a.m.`, `Co.`, `p.m.`), U+FE52, U+FF0E).
bool has_no_dot(std::string_view text) {
    constexpr std::string_view dots[] = {
        ".",        "\u2024", "\u2025", "\u2026", "\u3002", "\ufe12", "\ufe19",
        "\xe2\x92",  // U+2480 to U+24BF
        "\ufe30",   "\u33c2", "\u33c7", "\u33d8", "\ufe52", "\uff0e", "\uff61", "\U0001f100"};
    std::string joined;  // a reader may drop the blanks first
    std::copy_if(text.begin(), text.end(), std::back_inserter(joined),
                 [](char c) { return !ascii::is_wsp(c); });
    return std::none_of(std::begin(dots), std::end(dots),
                        [&](std::string_view dot) { return joined.find(dot) != std::string::npos; });
}

bool names_no_other_domain(std::string_view name, std::string_view domain) {
    if (name.find('@') == std::string_view::npos) return true;
    if (!std::all_of(name.begin(), name.end(), is_plain)) return false;
    for (std::size_t at = name.find('@'); at != std::string_view::npos; at = name.find('@', at + 1)) {
        const std::string_view rest = name.substr(at + 1);
        const std::string_view named = rest.substr(0, rest.find_first_of(separators));
        if (!ascii::equals_ignoring_case(ascii::trim(named), domain) && !has_no_dot(named)) return false;
    }
    return true;
}

}  // namespace

std::optional<Mailbox> read_unquoted_name(std::string_view value) {
    if (value.size() > max_octets) return std::nullopt;
    const auto parts = split(value);
    if (!parts || !has_harmless_encoded_words(parts->name)) return std::nullopt;
    if (parts->address.find("=?") != std::string_view::npos) return std::nullopt;
    const std::size_t at = parts->address.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view local_part = parts->address.substr(0, at);
    const std::string_view domain = parts->address.substr(at + 1);
    if (!is_dotted_local_part(local_part) || !is_dot_atom(domain)) return std::nullopt;
    if (!has_whole_tokens(parts->name) || !names_no_other_domain(parts->name, domain)) return std::nullopt;
    return Mailbox{std::string(local_part), std::string(domain), false};
}

}  // namespace gatepost::auth
