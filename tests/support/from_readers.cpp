#include "tests/support/from_readers.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace gatepost::tests {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_domain_octet(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet >= 0x80 || std::isalnum(octet) != 0 || c == '-' || c == '_' || c == '.';
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

// Adds what `text` names to `found`, if it has a dot between two labels.
void add(std::vector<std::string>& found, std::string text) {
    for (char& c : text)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const std::string_view dot : {"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1", "\xe2\x80\xa4"})
        replace_all(text, dot, ".");
    while (!text.empty() && text.back() == '.')
        text.pop_back();
    while (!text.empty() && text.front() == '.')
        text.erase(0, 1);
    if (text.find('.') != std::string::npos) found.push_back(text);
}

// Where the quoted string or comment that begins at `at` ends; `at` where nothing closes it.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            return i + 1;
    }
    return at;
}

std::size_t end_of_comment(std::string_view text, std::size_t at) {
    int depth = 0;
    for (std::size_t i = at; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '(')
            ++depth;
        else if (text[i] == ')' && --depth == 0)
            return i + 1;
    }
    return at;
}

// Without comments, and with Q where a quoted string stood: from left to right.
std::string without_quotes_and_comments(std::string_view text) {
    std::string left;
    for (std::size_t i = 0; i < text.size();) {
        std::size_t end = i;
        if (text[i] == '"') end = end_of_quoted(text, i);
        if (end > i) left += 'Q';
        if (text[i] == '(') end = end_of_comment(text, i);
        if (end == i) left += text[end++];
        i = end;
    }
    return left;
}

// What follows an `@` at `at`: labels joined over the blanks around dots, or a domain literal.
std::string domain_behind(std::string_view text, std::size_t at) {
    std::string domain;
    std::size_t i = at + 1;
    const auto skip = [&] {
        while (i < text.size() && is_space(text[i]))
            ++i;
    };
    skip();
    if (i < text.size() && text[i] == '[')
        return std::string(text.substr(i, text.find(']', i) - i)) + ".literal";
    while (i < text.size() && is_domain_octet(text[i])) {
        while (i < text.size() && is_domain_octet(text[i]))
            domain += text[i++];
        skip();
        const bool goes_on = domain.back() == '.' || (i < text.size() && text[i] == '.');
        if (!goes_on) break;
    }
    return domain;
}

bool has_local_part(std::string_view text, std::size_t at) {
    while (at > 0 && is_space(text[at - 1]))
        --at;
    return at > 0 && std::string_view("<>,;:@[]()").find(text[at - 1]) == std::string_view::npos;
}

std::vector<std::string> every_address(std::string_view text) {
    std::vector<std::string> all;
    for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1))
        if (has_local_part(text, at)) all.push_back(domain_behind(text, at));
    return all;
}

std::vector<std::string> first_address(std::string_view value) {
    std::vector<std::string> found;
    const auto all = every_address(without_quotes_and_comments(value));
    if (!all.empty()) add(found, all.front());
    return found;
}

std::vector<std::string> last_address(std::string_view value) {
    std::vector<std::string> found;
    const auto all = every_address(without_quotes_and_comments(value));
    if (!all.empty()) add(found, all.back());
    return found;
}

std::vector<std::string> angle_addresses(std::string_view value) {
    std::vector<std::string> found;
    const std::string text = without_quotes_and_comments(value);
    for (std::size_t open = text.find('<'); open != std::string::npos; open = text.find('<', open + 1)) {
        const std::string inside = text.substr(open + 1, text.find('>', open) - open - 1);
        const std::size_t at = inside.rfind('@');
        if (at != std::string::npos) add(found, domain_behind(inside, at));
    }
    return found;
}

// The display name as one word: all blanks gone, every `@` with all that follows up to the next special.
std::vector<std::string> whole_phrase(std::string_view value) {
    std::vector<std::string> found;
    std::string text = without_quotes_and_comments(value);
    text.resize(std::min(text.size(), text.rfind('<')));
    std::string phrase;
    for (const char c : text)
        if (!is_space(c)) phrase += c;
    for (std::size_t at = phrase.find('@'); at != std::string::npos; at = phrase.find('@', at + 1)) {
        const std::size_t end = phrase.find_first_of("<>,;:@[]()\"", at + 1);
        if (has_local_part(phrase, at)) add(found, phrase.substr(at + 1, end - at - 1));
    }
    return found;
}

// Comments cut out first, wherever a parenthesis stands, then quoted strings; then whatever looks like an
// address, and a blank ends it.
std::vector<std::string> comments_stripped(std::string_view value) {
    std::vector<std::string> found;
    std::string text(value);
    for (std::size_t at = text.find('('); at != std::string::npos;) {
        const std::size_t end = end_of_comment(text, at);
        text.erase(at, end - at);
        at = text.find('(', end == at ? at + 1 : at);
    }
    for (std::size_t at = text.find('"'); at != std::string::npos;) {
        const std::size_t end = end_of_quoted(text, at);
        text.replace(at, end - at, end == at ? "" : "Q");
        at = text.find('"', at + 1);
    }
    for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
        std::size_t end = at + 1;
        while (end < text.size() && is_domain_octet(text[end]))
            ++end;
        if (has_local_part(text, at)) add(found, text.substr(at + 1, end - at - 1));
    }
    return found;
}

std::string decode_q(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_coded = text[i] == '=' && i + 2 < text.size() &&
                              std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                              std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
        if (is_coded) {
            decoded += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            decoded += text[i] == '_' ? ' ' : text[i];
        }
    }
    return decoded;
}

std::string decode_b(std::string_view text) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string decoded;
    unsigned value = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::size_t digit = digits.find(c);
        if (digit == std::string_view::npos) break;
        value = (value << 6 | static_cast<unsigned>(digit)) & 0xffff;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        decoded += static_cast<char>(value >> bits & 0xff);
    }
    return decoded;
}

// Every `=?charset?encoding?text?=` becomes its text, whatever stands around it.
std::string with_encoded_words_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t charset_end = text.substr(i, 2) == "=?" ? text.find('?', i + 2) : text.npos;
        const std::size_t end = charset_end < text.size() - 3 ? text.find("?=", charset_end + 3) : text.npos;
        if (end == text.npos || text[charset_end + 2] != '?') {
            decoded += text[i++];
            continue;
        }
        const std::string_view coded = text.substr(charset_end + 3, end - charset_end - 3);
        const bool is_q = std::tolower(static_cast<unsigned char>(text[charset_end + 1])) == 'q';
        decoded += is_q ? decode_q(coded) : decode_b(coded);
        i = end + 2;
    }
    return decoded;
}

// What stands before the `@` at `at`: words with dots between them, and blanks around the dots; the text of a
// quoted string without its quotes.
std::string local_part_before(std::string_view text, std::size_t at) {
    std::size_t begin = at;
    while (begin > 0) {
        const char c = text[begin - 1];
        const bool is_beside_dot = begin == at || text[begin] == '.' || (begin > 1 && text[begin - 2] == '.');
        if (c == '"') {
            std::size_t open = begin - 1;
            while (open > 0 && text[open - 1] != '"')
                --open;
            begin = open > 0 ? open - 1 : 0;
        } else if (is_space(c) ? is_beside_dot : std::string_view("<>,;:@[]()").find(c) == text.npos) {
            --begin;
        } else {
            break;
        }
    }
    std::string local_part;
    for (const char c : text.substr(begin, at - begin))
        if (c != '"' && c != '\\') local_part += c;
    return local_part;
}

// Decodes encoded words in local parts (RFC 2047 §5 has none there) and parses afterwards: the first address.
std::vector<std::string> decoded_local_parts(std::string_view value) {
    std::vector<std::string> found;
    for (std::size_t at = 0; at < value.size(); ++at) {
        std::size_t end = at;
        if (value[at] == '"') end = end_of_quoted(value, at);
        if (value[at] == '(') end = end_of_comment(value, at);
        if (end > at) at = end - 1;
        if (value[at] != '@') continue;
        const std::string local_part = local_part_before(value, at);
        const std::string decoded = with_encoded_words_decoded(local_part);
        if (decoded == local_part) continue;
        const auto all = every_address(decoded + std::string(value.substr(at)));
        if (!all.empty()) add(found, all.front());
    }
    return found;
}

}  // namespace

const std::vector<FromReader>& from_readers() {
    static const std::vector<FromReader> readers{
        {"first address", first_address},         {"last address", last_address},
        {"angle-addr only", angle_addresses},     {"whole phrase", whole_phrase},
        {"comments stripped", comments_stripped}, {"decoded local part", decoded_local_parts}};
    return readers;
}

}  // namespace gatepost::tests
