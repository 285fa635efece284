// Reads an Authentication-Results field (RFC 8601 §2.2), ours to prove what we wrote, foreign ones to see in
// whose name they speak. Where that name stands is read strictly; values are read as leniently as other
// readers do (unquoted "/" and "=", empty values, a ";" at the end), since a careless host's field must stay,
// too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::results {

inline constexpr unsigned current_version = 1;  // RFC 8601 §2.2, authres-version

struct ParsedProperty {
    std::string ptype;
    std::string property;
    // What a quoted-string means; else as written, the quotes of a local-part before its "@" included.
    std::string value;
    friend bool operator==(const ParsedProperty&, const ParsedProperty&) = default;
};

struct ParsedResult {
    std::string method;
    std::string result;
    std::optional<std::string> reason;
    std::vector<ParsedProperty> properties;

    // The first value of that property, or null.
    const std::string* find(std::string_view ptype, std::string_view property) const;
};

struct ParsedResults {
    std::string authserv_id;
    unsigned version = current_version;
    std::vector<ParsedResult> results;  // none for "; none"
};

// Takes the value with its folds undone (unfold()). nullopt: it cannot be parsed. Linear.
std::optional<ParsedResults> parse_results(std::string_view value);

// The same without its results: whether they can be parsed, and in whose name they speak. It takes a tenth of
// the time.
std::optional<ParsedResults> parse_claim(std::string_view value);

// A token of RFC 2045 §5.1: printable ASCII without blanks and tspecials.
bool is_token(std::string_view text);

}  // namespace gatepost::auth::results
