#include "auth/results/field_text.hpp"

#include "auth/mail_address.hpp"
#include "auth/utf8.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <cstddef>

namespace gatepost::auth::results {
namespace {

// local: a local-part and a domain of the longest (RFC 5321 §4.5.3.1). Longer values could break the limit of
// 998 octets a line (RFC 5322 §2.1.1).
constexpr std::size_t max_value_octets = 64 + 1 + 255;
constexpr std::size_t max_text_octets = 200;  // local: readable
constexpr std::size_t max_columns = 78;       // RFC 5322 §2.1.1

// The length of the next part of a value: up to a space outside quoted-strings, where a fold may stand.
std::size_t part_length(std::string_view rest) {
    bool quoted = false;
    for (std::size_t i = 0; i < rest.size(); ++i) {
        if (rest[i] == '"')
            quoted = !quoted;
        else if (rest[i] == '\\')
            ++i;
        else if (rest[i] == ' ' && !quoted)
            return i;
    }
    return rest.size();
}

void replace(std::string& text, std::string_view from, std::string_view to) {
    for (char& c : text)
        if (const auto at = from.find(c); at != std::string_view::npos) c = to[at];
}

}  // namespace

std::string printable(std::string_view text) {
    std::string safe(text.substr(0, max_text_octets));
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return !ascii::is_printable(c); }, '?');
    return safe;
}

std::string unstructured_text(std::string_view text) {
    std::string safe(text);
    replace(safe, "\\\";=", "/',:");
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return !ascii::is_printable(c); }, '?');
    return safe;
}

std::string comment_text(std::string_view text) {
    std::string safe = printable(text);
    replace(safe, "()\\\";=", "[]/',:");
    return safe;
}

bool is_plain_local_part(std::string_view text) {
    constexpr std::string_view others = "-_.+~";
    const bool plain = std::all_of(text.begin(), text.end(), [&](char c) {
        return ascii::is_alnum(c) || ascii::is_8bit(c) || others.find(c) != std::string_view::npos;
    });
    return plain && (text.empty() || is_dot_atom(text));
}

bool is_writable(std::string_view value) {
    return !value.empty() && value.size() <= max_value_octets && is_utf8(value) &&
           std::all_of(value.begin(), value.end(),
                       [](char c) { return ascii::is_printable(c) || ascii::is_8bit(c); });
}

std::string folded_field(std::string_view name, std::string_view value) {
    std::string field;
    field.reserve(name.size() + value.size() + value.size() / 16 + 8);  // the folds too, as a rule
    field += name;
    field += ':';
    const std::size_t name_length = field.size();
    std::size_t column = name_length;
    while (!value.empty()) {
        const std::size_t length = part_length(value);
        // Never right after the name: a line must not be made up of blanks alone, and some readers stumble.
        if (column + 1 + length > max_columns && column != name_length) {
            field += "\r\n";
            column = 0;
        }
        field.append(" ").append(value.substr(0, length));
        column += 1 + length;
        value.remove_prefix(std::min(length + 1, value.size()));
    }
    field += "\r\n";
    return field;
}

}  // namespace gatepost::auth::results
