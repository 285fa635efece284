#include "auth/dmarc/record.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace gatepost::auth::dmarc {
namespace {

// Tag names in lower case: RFC 9989 §4.8 writes them as ABNF strings, which have no case (RFC 5234 §2.3).
using Tags = std::map<std::string, std::string_view, std::less<>>;

constexpr std::string_view blanks = " \t";

std::string_view trim_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Cuts the first element off `rest`, at the next `separator` or the end.
std::string_view cut(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const std::string_view element = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return element;
}

// RFC 9989 §4.8: dmarc-version = "v" equals %s"DMARC1", at the very start.
bool is_version(std::string_view element) {
    const auto equals = element.find('=');
    if (equals == std::string_view::npos || element.empty() || ascii::to_lower(element.front()) != 'v')
        return false;
    return trim_blanks(element.substr(1, equals - 1)).empty() &&
           trim_blanks(element.substr(equals + 1)) == "DMARC1";
}

// Syntax errors are ignored outright (RFC 9989 §4.8); a tag's second occurrence is one (RFC 6376 §3.2).
Tags parse_tags(std::string_view rest) {
    Tags tags;
    while (!rest.empty()) {
        const std::string_view element = cut(rest, ';');
        const auto equals = element.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = trim_blanks(element.substr(0, equals));
        if (name.empty() || !std::all_of(name.begin(), name.end(), ascii::is_alpha)) continue;
        tags.emplace(ascii::to_lower(name), trim_blanks(element.substr(equals + 1)));
    }
    return tags;
}

std::optional<std::string_view> find(const Tags& tags, std::string_view name) {
    const auto found = tags.find(name);
    if (found == tags.end()) return std::nullopt;
    return found->second;
}

std::optional<Policy> policy_of(std::string_view value) {
    for (const Policy policy : {Policy::none, Policy::quarantine, Policy::reject})
        if (ascii::equals_ignoring_case(value, to_string(policy))) return policy;
    return std::nullopt;
}

AlignmentMode alignment_of(std::optional<std::string_view> value) {
    return value && ascii::equals_ignoring_case(*value, "s") ? AlignmentMode::strict : AlignmentMode::relaxed;
}

// dmarc-yorn; anything but y and n is the default of its tag.
std::optional<bool> yes_or_no(std::optional<std::string_view> value) {
    if (!value) return std::nullopt;
    if (ascii::equals_ignoring_case(*value, "y")) return true;
    if (ascii::equals_ignoring_case(*value, "n")) return false;
    return std::nullopt;
}

// RFC 9989 §4.8, dmarc-fo: 0 or 1 at most once and never both, d and s at most once each.
bool is_failure_options(std::string_view rest) {
    int zero_or_one = 0;
    int dkim = 0;
    int spf = 0;
    bool more = true;
    while (more) {
        more = rest.find(':') != std::string_view::npos;
        const std::string option = ascii::to_lower(trim_blanks(cut(rest, ':')));
        if (option == "0" || option == "1")
            ++zero_or_one;
        else if (option == "d")
            ++dkim;
        else if (option == "s")
            ++spf;
        else
            return false;
    }
    return zero_or_one <= 1 && dkim <= 1 && spf <= 1;
}

// The URI without an obsolete report size: "!" 1*DIGIT [ "k" / "m" / "g" / "t" ] (RFC 9989 §4.8).
std::string_view without_size(std::string_view uri) {
    const auto mark = uri.rfind('!');
    if (mark == std::string_view::npos) return uri;
    std::string_view size = uri.substr(mark + 1);
    if (!size.empty() &&
        std::string_view("kmgt").find(ascii::to_lower(size.back())) != std::string_view::npos)
        size.remove_suffix(1);
    if (size.empty() || !std::all_of(size.begin(), size.end(), ascii::is_digit)) return uri;
    return uri.substr(0, mark);
}

// RFC 3986 §2 and §3.1: a scheme, and after its colon something made of URI characters. A "!" that is not
// part of a size has to be encoded (RFC 9989 §4.8).
bool is_uri(std::string_view uri) {
    const auto colon = uri.find(':');
    if (colon == 0 || colon == std::string_view::npos || colon + 1 == uri.size()) return false;
    if (!ascii::is_alpha(uri.front())) return false;
    for (const char c : uri.substr(0, colon))
        if (!ascii::is_alnum(c) && std::string_view("+-.").find(c) == std::string_view::npos) return false;
    for (std::size_t i = colon + 1; i < uri.size(); ++i) {
        const char c = uri[i];
        if (c == '%') {
            if (uri.size() - i < 3 || !ascii::is_hex(uri[i + 1]) || !ascii::is_hex(uri[i + 2])) return false;
        } else if (!ascii::is_alnum(c) &&
                   std::string_view("-._~:/?#[]@$&'()*+;=").find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

// p, sp and np, and what RFC 9989 §4.10.1 makes of invalid ones.
bool fill_policies(const Tags& tags, Record& record) {
    const auto p = find(tags, "p");
    const auto sp = find(tags, "sp");
    const auto np = find(tags, "np");
    const auto p_policy = p ? policy_of(*p) : std::nullopt;
    const auto sp_policy = sp ? policy_of(*sp) : std::nullopt;
    const auto np_policy = np ? policy_of(*np) : std::nullopt;
    if (p_policy && sp.has_value() == sp_policy.has_value() && np.has_value() == np_policy.has_value()) {
        record.p = *p_policy;
        record.sp = sp_policy;
        record.np = np_policy;
        return true;
    }
    // "act as if a record containing p=none was retrieved": nothing of the others is left.
    record.p = Policy::none;
    return has_valid_uri(record.rua);
}

}  // namespace

bool has_valid_uri(std::string_view uri_list) {
    while (!uri_list.empty())
        if (is_uri(without_size(trim_blanks(cut(uri_list, ','))))) return true;
    return false;
}

Policy one_level_below(Policy policy) {
    return policy == Policy::reject ? Policy::quarantine : Policy::none;
}

std::optional<ParsedRecord> parse_record(std::string_view text) {
    std::string_view rest = text;
    if (!is_version(cut(rest, ';'))) return std::nullopt;
    ParsedRecord parsed;
    parsed.too_long = text.size() > max_record_octets;
    parsed.applies = !parsed.too_long;
    if (parsed.too_long) return parsed;
    const Tags tags = parse_tags(rest);
    Record& record = parsed.record;
    record.text = text;
    record.adkim = alignment_of(find(tags, "adkim"));
    record.aspf = alignment_of(find(tags, "aspf"));
    record.testing = yes_or_no(find(tags, "t")).value_or(false);
    record.psd = yes_or_no(find(tags, "psd"));
    record.rua = find(tags, "rua").value_or("");
    record.ruf = find(tags, "ruf").value_or("");
    const std::string_view fo = find(tags, "fo").value_or("");
    if (is_failure_options(fo)) record.fo = fo;
    parsed.applies = fill_policies(tags, record);
    return parsed;
}

}  // namespace gatepost::auth::dmarc
