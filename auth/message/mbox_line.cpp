#include "auth/message/mbox_line.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <iterator>

namespace gatepost::auth {
namespace {

// Takes the next word of `text` and the blanks before it off its front. Empty: no more.
std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());
    return word;
}

bool is_weekday(std::string_view word) {
    constexpr std::string_view days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    if (word.ends_with(',')) word.remove_suffix(1);
    return std::find(std::begin(days), std::end(days), word) != std::end(days);
}

// hh:mm or hh:mm:ss.
bool is_time(std::string_view word) {
    constexpr std::string_view shapes[] = {"d:dd", "dd:dd", "d:dd:dd", "dd:dd:dd"};
    return std::any_of(std::begin(shapes), std::end(shapes), [&](std::string_view shape) {
        return std::equal(word.begin(), word.end(), shape.begin(), shape.end(), [](char c, char wanted) {
            return wanted == 'd' ? ascii::is_digit(c) : c == wanted;
        });
    });
}

// What tools write behind the day of the week: asctime(), a zone, `remote from host`. Nothing of an address.
bool is_date_word(std::string_view word) {
    constexpr std::string_view others = ",:+-./()";
    return std::all_of(word.begin(), word.end(), [&](char c) {
        return ascii::is_alnum(c) || others.find(c) != std::string_view::npos;
    });
}

// Without a colon, unless it stands in an address literal at the end: `a@[IPv6:2001:db8::1]` (RFC 5321
// §4.1.3).
bool is_sender_word(std::string_view word) {
    constexpr std::string_view prefix = "@[IPv6:";
    const std::size_t at = word.find(prefix);
    if (at != std::string_view::npos && word.ends_with(']')) {
        const auto is_of_literal = [](char c) {
            return ascii::is_alnum(c) || c == ':' || c == '.';
        };
        const std::string_view literal =
            word.substr(at + prefix.size(), word.size() - at - prefix.size() - 1);
        if (!std::all_of(literal.begin(), literal.end(), is_of_literal)) return false;
        word = word.substr(0, at);
    }
    return std::all_of(word.begin(), word.end(),
                       [](char c) { return (ascii::is_visible(c) && c != ':') || ascii::is_8bit(c); });
}

bool is_sender_and_date(std::string_view text) {
    if (!is_sender_word(take_word(text))) return false;
    std::string_view word = take_word(text);
    for (; !is_weekday(word); word = take_word(text))
        if (word.empty() || !is_sender_word(word)) return false;
    bool has_time = false;
    for (word = take_word(text); !word.empty(); word = take_word(text)) {
        if (!is_date_word(word)) return false;
        has_time = has_time || is_time(word);
    }
    return has_time;
}

}  // namespace

std::size_t mbox_line_length(std::string_view octets) {
    const std::string_view start = octets.substr(octets.starts_with('>') ? 1 : 0);
    if (!start.starts_with("From ")) return 0;
    const std::size_t end = octets.find("\r\n");
    if (end == std::string_view::npos) return 0;
    std::string_view line = octets.substr(0, end);
    line.remove_prefix(line.find(' '));
    return is_sender_and_date(line) ? end + 2 : 0;
}

}  // namespace gatepost::auth
