#include "auth/results/parse_results.hpp"

#include "auth/address_lexer.hpp"
#include "auth/utf8.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth::results {
namespace {

constexpr std::size_t max_version_digits = 9;  // local: so that a version fits its type

bool is_token_char(char c) {
    return ascii::is_visible(c) && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

bool is_id_char(char c) {
    return is_token_char(c) || ascii::is_8bit(c);  // RFC 8601 §2.5: UTF-8 in an internationalised message
}

bool is_keyword_char(char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_';
}

bool is_value_char(char c) {
    return (ascii::is_visible(c) || ascii::is_8bit(c)) &&
           std::string_view(";()\"\\").find(c) == std::string_view::npos;
}

class ResultsParser {
  public:
    ResultsParser(std::string_view value, bool keeps_results) : rest_(value), keeps_results_(keeps_results) {}

    std::optional<ParsedResults> parse() {
        ParsedResults parsed;
        if (!parse_id(parsed) || !at(';')) return std::nullopt;
        bool is_first = true;
        while (at(';')) {
            rest_.remove_prefix(1);
            if (!skip_cfws(rest_)) return std::nullopt;
            if (rest_.empty()) break;
            if (std::exchange(is_first, false) && is_none()) return parsed;
            if (!parse_result(parsed)) return std::nullopt;
        }
        if (!rest_.empty()) return std::nullopt;
        return parsed;
    }

  private:
    bool at(char c) const { return !rest_.empty() && rest_.front() == c; }

    template <typename Class>
    std::string_view take_while(Class is_in) {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_in);
        const std::string_view taken(rest_.begin(), end);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    // RFC 8601 §2.2: [CFWS] authserv-id [ CFWS authres-version ], and the blanks after them.
    bool parse_id(ParsedResults& parsed) {
        if (!skip_cfws(rest_)) return false;
        if (at('"')) {
            const std::string_view quoted = cut_delimited(rest_, '"');
            if (quoted.empty()) return false;
            parsed.authserv_id = unquote(quoted);
        } else {
            parsed.authserv_id = take_while(is_id_char);
        }
        if (parsed.authserv_id.empty() || !is_utf8(parsed.authserv_id) || !skip_cfws(rest_)) return false;
        const std::string_view digits = take_while(ascii::is_digit);
        if (digits.empty()) return true;
        const auto version = ascii::parse_decimal<unsigned>(digits, max_version_digits);
        if (!version) return false;
        parsed.version = *version;
        return skip_cfws(rest_);
    }

    // no-result: nothing but "none" and blanks after the authserv-id.
    bool is_none() const {
        std::string_view after = rest_;
        if (!ascii::starts_with_ignoring_case(after, "none")) return false;
        after.remove_prefix(4);
        return skip_cfws(after) && after.empty();
    }

    // A separator with blanks and comments around it.
    bool take_separator(char c) {
        if (!skip_cfws(rest_) || !at(c)) return false;
        rest_.remove_prefix(1);
        return skip_cfws(rest_);
    }

    bool parse_result(ParsedResults& parsed) {
        const std::string_view method = take_while(is_keyword_char);
        if (method.empty() || !skip_cfws(rest_)) return false;
        if (at('/')) {
            if (!take_separator('/') || take_while(ascii::is_digit).empty()) return false;
        }
        if (!take_separator('=')) return false;
        const std::string_view word = take_while(is_keyword_char);
        if (word.empty() || !skip_cfws(rest_)) return false;
        ParsedResult* const kept = keeps_results_ ? &parsed.results.emplace_back() : nullptr;
        if (kept) kept->method = method;
        if (kept) kept->result = word;
        while (!rest_.empty() && !at(';'))
            if (!parse_property(kept)) return false;
        return true;
    }

    // reasonspec or propspec, and the blanks after it. `kept`: where to put it, or null.
    bool parse_property(ParsedResult* kept) {
        const std::string_view name = take_while(is_keyword_char);
        if (name.empty() || !skip_cfws(rest_)) return false;
        if (at('=') && ascii::equals_ignoring_case(name, "reason"))
            return take_separator('=') && parse_value(kept ? &kept->reason.emplace() : nullptr);
        if (!take_separator('.')) return false;
        const std::string_view property = take_while(is_keyword_char);
        if (property.empty() || !take_separator('=')) return false;
        if (!kept) return parse_value(nullptr);
        kept->properties.push_back({std::string(name), std::string(property), {}});
        return parse_value(&kept->properties.back().value);
    }

    // pvalue: a token, a quoted-string, or [ [ local-part ] "@" ] domain-name whose local-part may be quoted.
    bool parse_value(std::string* kept) {
        std::string_view quoted;
        if (at('"')) {
            quoted = cut_delimited(rest_, '"');
            if (quoted.empty()) return false;
        }
        const bool is_quoted_alone = !quoted.empty() && !at('@');
        const std::string_view rest = is_quoted_alone ? std::string_view() : take_while(is_value_char);
        if (kept) *kept = is_quoted_alone ? unquote(quoted) : std::string(quoted).append(rest);
        return skip_cfws(rest_);
    }

    std::string_view rest_;
    bool keeps_results_;
};

}  // namespace

const std::string* ParsedResult::find(std::string_view ptype, std::string_view property) const {
    for (const ParsedProperty& candidate : properties) {
        if (ascii::equals_ignoring_case(candidate.ptype, ptype) &&
            ascii::equals_ignoring_case(candidate.property, property))
            return &candidate.value;
    }
    return nullptr;
}

std::optional<ParsedResults> parse_results(std::string_view value) {
    return ResultsParser(value, true).parse();
}

std::optional<ParsedResults> parse_claim(std::string_view value) {
    return ResultsParser(value, false).parse();
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

}  // namespace gatepost::auth::results
