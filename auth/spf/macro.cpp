#include "auth/spf/macro.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <limits>

namespace gatepost::auth::spf {
namespace {

constexpr std::size_t max_name_octets = 253;  // RFC 7208 §7.3
constexpr std::string_view letters_anywhere = "slodiphv";
constexpr std::string_view letters_of_explanations = "crt";  // RFC 7208 §7.2: in exp text only
constexpr std::string_view delimiters = ".-+,/_=";           // RFC 7208 §7.1
constexpr std::string_view hex_lower = "0123456789abcdef";
constexpr std::string_view hex_upper = "0123456789ABCDEF";

bool is_delimiter(char c, unsigned set) {
    const auto at = delimiters.find(c);
    return at != std::string_view::npos && (set >> at & 1U) != 0;
}

// The last `count` parts of `value`, joined by dots (RFC 7208 §7.3). Looks at no more octets than it gives.
std::string right_parts(std::string_view value, unsigned set, std::size_t count) {
    std::size_t start = value.size();
    for (; start > 0; --start)
        if (is_delimiter(value[start - 1], set) && --count == 0) break;
    std::string parts(value.substr(start));
    std::replace_if(
        parts.begin(), parts.end(), [&](char c) { return is_delimiter(c, set); }, '.');
    return parts;
}

// The same after a reversal: the first `count` parts, the last of them first.
std::string reversed_parts(std::string_view value, unsigned set, std::size_t count) {
    std::vector<std::string_view> parts;
    std::size_t start = 0;
    for (std::size_t at = 0; at <= value.size() && parts.size() < count; ++at) {
        if (at < value.size() && !is_delimiter(value[at], set)) continue;
        parts.push_back(value.substr(start, at - start));
        start = at + 1;
    }
    std::string joined;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        if (part != parts.rbegin()) joined += '.';
        joined += *part;
    }
    return joined;
}

// RFC 3986 §2.3: everything but the unreserved characters.
std::string url_escape(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            escaped += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        escaped += '%';
        escaped += hex_upper[octet >> 4U];
        escaped += hex_upper[octet & 15U];
    }
    return escaped;
}

// toplabel of RFC 7208 §7.1: letters, digits and inner hyphens, not digits alone.
bool is_toplabel(std::string_view label) {
    if (label.empty() || !ascii::is_alnum(label.front()) || !ascii::is_alnum(label.back())) return false;
    if (std::all_of(label.begin(), label.end(), ascii::is_digit)) return false;
    return std::all_of(label.begin(), label.end(), [](char c) { return ascii::is_alnum(c) || c == '-'; });
}

// RFC 7208 §7.3: %{i} of an IPv6 address is its nibbles with dots between them.
std::string dotted(const dns::IpAddress& address) {
    if (address.is_v4()) return address.text();
    std::string text;
    for (const std::uint8_t octet : address.octets()) {
        if (!text.empty()) text += '.';
        text += hex_lower[octet >> 4U];
        text += '.';
        text += hex_lower[octet & 15U];
    }
    return text;
}

}  // namespace

std::string MacroValues::of(char letter) const {
    switch (letter) {
        case 's':
            return sender;
        case 'l':
            return local_part;
        case 'o':
            return sender_domain;
        case 'd':
            return domain;
        case 'i':
            return dotted(client);
        case 'p':
            return client_name;
        case 'h':
            return helo;
        case 'c':
            return client.text();
        case 'r':
            return receiver;
        case 't':
            return std::to_string(
                std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
        default:
            return client.is_v4() ? "in-addr" : "ip6";
    }
}

std::optional<MacroString> MacroString::parse(std::string_view text, MacroUse use) {
    if (text.size() > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    MacroString parsed;
    parsed.text_ = text;
    if (!parsed.parse_pieces(use)) return std::nullopt;
    if (use == MacroUse::domain_spec && !parsed.has_domain_end()) return std::nullopt;
    return parsed;
}

bool MacroString::parse_pieces(MacroUse use) {
    for (std::size_t at = 0; at < text_.size();) {
        const char c = text_[at];
        if (c == '%') {
            at = parse_macro(at, use);
            if (at == 0) return false;
            continue;
        }
        // RFC 7208 §7.1: visible characters; spaces in explanations alone.
        if (!ascii::is_visible(c) && !(c == ' ' && use == MacroUse::explanation)) return false;
        add_literal(at);
        ++at;
    }
    return true;
}

void MacroString::add_literal(std::size_t at) {
    if (pieces_.empty() || pieces_.back().letter != 0) {
        Piece piece;
        piece.begin = static_cast<std::uint32_t>(at);
        pieces_.push_back(piece);
    }
    ++pieces_.back().length;
}

// Parses the macro at the '%' and gives the place behind it; 0 for a syntax error.
std::size_t MacroString::parse_macro(std::size_t at, MacroUse use) {
    const auto peek = [&](std::size_t i) {
        return i < text_.size() ? text_[i] : '\0';
    };
    Piece piece;
    const char kind = peek(++at);
    if (kind == '%' || kind == '_' || kind == '-') {
        piece.letter = kind;
        pieces_.push_back(piece);
        return at + 1;
    }
    if (kind != '{') return 0;  // RFC 7208 §7.3
    const char letter = peek(++at);
    piece.letter = ascii::to_lower(letter);
    piece.escaped = ascii::is_upper(letter);
    const bool known = letters_anywhere.find(piece.letter) != std::string_view::npos;
    const bool late = letters_of_explanations.find(piece.letter) != std::string_view::npos;
    if (!known && (!late || use == MacroUse::domain_spec)) return 0;
    ++at;
    // Any number of digits; more than 999 parts is as good as all of them (RFC 7208 §7.3 asks for 127).
    const std::size_t digits = at;
    for (; ascii::is_digit(peek(at)); ++at)
        piece.parts =
            static_cast<std::uint16_t>(std::min(999, piece.parts * 10 + static_cast<int>(peek(at) - '0')));
    if (at > digits && piece.parts == 0) return 0;  // RFC 7208 §7.3: the value MUST be nonzero
    if (ascii::to_lower(peek(at)) == 'r') {
        piece.reversed = true;
        ++at;
    }
    for (; at < text_.size() && delimiters.find(text_[at]) != std::string_view::npos; ++at)
        piece.delimiters = static_cast<std::uint8_t>(piece.delimiters | 1U << delimiters.find(text_[at]));
    if (peek(at) != '}') return 0;
    pieces_.push_back(piece);
    return at + 1;
}

// domain-end of RFC 7208 §7.1: a macro, or a dot, a top label and perhaps one more dot.
bool MacroString::has_domain_end() const {
    if (pieces_.empty()) return false;
    const Piece& last = pieces_.back();
    if (last.letter != 0) return true;
    std::string_view literal = std::string_view(text_).substr(last.begin, last.length);
    if (literal.ends_with('.')) literal.remove_suffix(1);
    const auto dot = literal.rfind('.');
    return dot != std::string_view::npos && is_toplabel(literal.substr(dot + 1));
}

bool MacroString::uses(char letter) const {
    return std::any_of(pieces_.begin(), pieces_.end(),
                       [&](const Piece& piece) { return piece.letter == letter; });
}

std::string MacroString::expand(const Piece& piece, const MacroValues& values) const {
    switch (piece.letter) {
        case 0:
            return text_.substr(piece.begin, piece.length);
        case '%':
            return "%";
        case '_':
            return " ";
        case '-':
            return "%20";
        default:
            break;
    }
    std::string value = values.of(piece.letter);
    if (piece.parts == 0 && !piece.reversed && piece.delimiters == 0)
        return piece.escaped ? url_escape(value) : value;
    const unsigned set = piece.delimiters == 0 ? 1U : piece.delimiters;  // by default dots alone
    const std::size_t count =
        piece.parts == 0 ? std::numeric_limits<std::size_t>::max() : std::size_t{piece.parts};
    const std::string kept =
        piece.reversed ? reversed_parts(value, set, count) : right_parts(value, set, count);
    return piece.escaped ? url_escape(kept) : kept;
}

std::optional<dns::DomainName> MacroString::expand_to_name(const MacroValues& values) const {
    // From the right, and no further than one octet past the trailing dot and the dot before the name: what
    // stands left of that is cut off whatever it is.
    std::vector<std::string> expansions;
    std::size_t total = 0;
    for (auto piece = pieces_.rbegin(); piece != pieces_.rend() && total < max_name_octets + 2; ++piece) {
        expansions.push_back(expand(*piece, values));
        total += expansions.back().size();
    }
    std::string joined;
    for (auto part = expansions.rbegin(); part != expansions.rend(); ++part)
        joined += *part;
    std::string_view name = joined;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.size() > max_name_octets) {
        // RFC 7208 §7.3: successive labels and their dots are removed from the left.
        const auto dot = name.find('.', name.size() - max_name_octets - 1);
        if (dot == std::string_view::npos) return std::nullopt;
        name.remove_prefix(dot + 1);
    }
    if (name.empty() || name.ends_with('.')) return std::nullopt;
    return dns::DomainName::parse(name);
}

std::string MacroString::expand_to_text(const MacroValues& values, std::size_t max_octets) const {
    std::string expanded;
    for (const Piece& piece : pieces_) {
        if (expanded.size() >= max_octets) break;
        expanded += expand(piece, values);
    }
    if (expanded.size() > max_octets) expanded.resize(max_octets);
    return expanded;
}

}  // namespace gatepost::auth::spf
