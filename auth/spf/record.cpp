#include "auth/spf/record.hpp"

#include "auth/spf/limits.hpp"
#include "auth/spf/safe_text.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gatepost::auth::spf {
namespace {

constexpr std::string_view version = "v=spf1";
constexpr std::size_t max_quoted_octets = 80;  // local: of a faulty term in a reason
static_assert(max_record_octets <= 0x10000, "places in a record have 16 bits");
constexpr unsigned word_bits = 32;

// A directive with the network of an ip4 or ip6; absent where no client can be in it.
struct ParsedDirective {
    Directive directive;
    std::optional<dns::IpNetwork> network;
};

// A prefix length of RFC 7208 §5.6: no leading zero, in range.
std::optional<unsigned> parse_prefix(std::string_view digits, unsigned highest) {
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    const auto value = ascii::parse_decimal<unsigned>(digits, 3);
    if (!value || *value > highest) return std::nullopt;
    return value;
}

// Takes "/digits" off the end of `text`, where they stand there; absent: they do not.
std::optional<std::string_view> take_prefix(std::string_view& text) {
    const auto slash = text.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const std::string_view digits = text.substr(slash + 1);
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), ascii::is_digit)) return std::nullopt;
    text = text.substr(0, slash);
    return digits;
}

// dual-cidr-length of RFC 7208 §5.6 at the end of `text`. A domain-spec cannot end in a slash and digits, so
// they are taken off from the right. false: a prefix out of range.
bool take_dual_prefix(std::string_view& text, Directive& directive) {
    auto digits = take_prefix(text);
    if (digits && text.ends_with('/')) {
        text.remove_suffix(1);
        const auto prefix = parse_prefix(*digits, 128);
        if (!prefix) return false;
        directive.ip6_prefix = *prefix;
        digits = take_prefix(text);
    }
    if (!digits) return true;
    const auto prefix = parse_prefix(*digits, 32);
    if (!prefix) return false;
    directive.ip4_prefix = *prefix;
    return true;
}

bool take_domain_spec(std::string_view text, Directive& directive) {
    if (!text.starts_with(':')) return false;
    directive.domain_spec = MacroString::parse(text.substr(1), MacroUse::domain_spec);
    return directive.domain_spec.has_value();
}

// RFC 4291 §2.2 text as 16 octets; IPv4-mapped addresses are IPv4 to IpAddress, but here they are a network
// among IPv6 addresses.
std::optional<dns::IpNetwork> ip6_network(const dns::IpAddress& address, unsigned prefix) {
    if (address.is_v6()) return dns::IpNetwork(address, prefix);
    constexpr unsigned mapped_bits = 96;
    // Clients there are IPv4, which only ip4 lists (RFC 7208 §5).
    if (prefix >= mapped_bits) return std::nullopt;
    std::array<std::uint8_t, 16> octets{};
    if (prefix > 80) octets[10] = static_cast<std::uint8_t>(0xff00U >> std::min(prefix - 80, 8U));
    if (prefix > 88) octets[11] = static_cast<std::uint8_t>(0xff00U >> (prefix - 88));
    return dns::IpNetwork(dns::IpAddress::v6(octets), prefix);
}

// ip4 and ip6 of RFC 7208 §5.6: ":" network [ "/" length ]. Parts of an address may not be left out.
bool take_network(std::string_view text, ParsedDirective& parsed) {
    if (!text.starts_with(':')) return false;
    text.remove_prefix(1);
    const bool v6 = parsed.directive.mechanism == Mechanism::ip6;
    unsigned prefix = v6 ? 128 : 32;
    if (const auto slash = text.find('/'); slash != std::string_view::npos) {
        const auto given = parse_prefix(text.substr(slash + 1), prefix);
        if (!given) return false;
        prefix = *given;
        text = text.substr(0, slash);
    }
    const bool has_colon = text.find(':') != std::string_view::npos;
    const auto address = dns::IpAddress::parse(text);
    if (!address || has_colon != v6) return false;
    parsed.network = v6 ? ip6_network(*address, prefix) : dns::IpNetwork(*address, prefix);
    return true;
}

std::optional<Mechanism> mechanism_of(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, Mechanism>, 8> names = {{
        {"all", Mechanism::all},
        {"include", Mechanism::include},
        {"a", Mechanism::a},
        {"mx", Mechanism::mx},
        {"ptr", Mechanism::ptr},
        {"ip4", Mechanism::ip4},
        {"ip6", Mechanism::ip6},
        {"exists", Mechanism::exists},
    }};
    for (const auto& [known, mechanism] : names)
        if (ascii::equals_ignoring_case(name, known)) return mechanism;
    return std::nullopt;
}

// RFC 7208 §4.6.2
std::optional<Result> qualifier_of(char c) {
    switch (c) {
        case '+':
            return Result::pass;
        case '-':
            return Result::fail;
        case '~':
            return Result::softfail;
        case '?':
            return Result::neutral;
        default:
            return std::nullopt;
    }
}

// All but its text.
std::optional<ParsedDirective> parse_directive(std::string_view term) {
    ParsedDirective parsed;
    Directive& directive = parsed.directive;
    if (const auto qualifier = qualifier_of(term.front())) {
        directive.qualifier = *qualifier;
        term.remove_prefix(1);
    }
    const auto end = std::min(term.find_first_of(":/"), term.size());
    const auto mechanism = mechanism_of(term.substr(0, end));
    if (!mechanism) return std::nullopt;
    directive.mechanism = *mechanism;
    std::string_view rest = term.substr(end);
    bool valid = false;
    switch (*mechanism) {
        case Mechanism::all:
            valid = rest.empty();
            break;
        case Mechanism::include:
        case Mechanism::exists:
            valid = take_domain_spec(rest, directive);
            break;
        case Mechanism::a:
        case Mechanism::mx:
            valid = take_dual_prefix(rest, directive) && (rest.empty() || take_domain_spec(rest, directive));
            break;
        case Mechanism::ptr:
            valid = rest.empty() || take_domain_spec(rest, directive);
            break;
        case Mechanism::ip4:
        case Mechanism::ip6:
            valid = take_network(rest, parsed);
            break;
    }
    if (!valid) return std::nullopt;
    return parsed;
}

// The length of a modifier's name at the start of `term`, where an "=" follows it (RFC 7208 §4.6.1); else 0.
std::size_t modifier_name_length(std::string_view term) {
    if (!ascii::is_alpha(term.front())) return 0;
    const auto end = std::find_if_not(term.begin(), term.end(), [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
    });
    if (end == term.end() || *end != '=') return 0;
    return static_cast<std::size_t>(end - term.begin());
}

// The term at or behind `position`, which then stands behind it; empty: none is left. RFC 7208 §4.6.1: spaces
// alone stand between terms.
std::string_view next_term(std::string_view text, std::size_t& position) {
    const auto start = std::min(text.find_first_not_of(' ', position), text.size());
    position = std::min(text.find(' ', start), text.size());
    return text.substr(start, position - start);
}

constexpr std::size_t words_of(Mechanism mechanism) {
    switch (mechanism) {
        case Mechanism::ip4:
            return 1;
        case Mechanism::ip6:
            return 4;
        default:
            return 0;
    }
}

std::uint32_t word_of(const dns::IpAddress& address, std::size_t number) {
    const auto& octets = address.octets();
    std::uint32_t word = 0;
    for (std::size_t i = 4 * number; i < 4 * number + 4; ++i)
        word = word << 8 | octets[i];
    return word;
}

// The first `prefix` bits of `words` are those of the client.
bool agree(const std::uint32_t* words, const std::array<std::uint32_t, 4>& client, unsigned prefix) {
    std::size_t i = 0;
    for (; prefix >= word_bits; prefix -= word_bits, ++i)
        if (words[i] != client[i]) return false;
    return prefix == 0 || ((words[i] ^ client[i]) >> (word_bits - prefix)) == 0;
}

}  // namespace

bool is_spf_record(std::string_view text) {
    if (!ascii::starts_with_ignoring_case(text, version)) return false;
    return text.size() == version.size() || text[version.size()] == ' ';
}

std::variant<Record, SyntaxError> Record::parse(std::string_view text) {
    if (text.size() > max_record_octets)
        return SyntaxError{Reason("an SPF record of more than ").then(max_record_octets).then(" octets")};
    Record record;
    record.text_ = text;
    std::size_t position = version.size();
    for (std::size_t terms = 0;; ++terms) {
        const std::string_view term = next_term(record.text_, position);
        if (term.empty()) break;
        if (terms == max_record_terms)
            return SyntaxError{Reason("an SPF record of more than ").then(max_record_terms).then(" terms")};
        if (!record.check_term(term))
            return SyntaxError{
                Reason("a syntax error in the SPF record", '"' + safe_text(term, max_quoted_octets) + '"')};
    }
    record.text_.shrink_to_fit();
    record.terms_.shrink_to_fit();
    record.addresses_.shrink_to_fit();
    return record;
}

bool Record::check_term(std::string_view term) {
    // RFC 7208 §12: outside the spaces between terms a record has visible characters alone.
    if (!std::all_of(term.begin(), term.end(), ascii::is_visible)) return false;
    if (const auto length = modifier_name_length(term); length != 0)
        return check_modifier(term.substr(0, length), term.substr(length + 1));
    const std::optional<ParsedDirective> parsed = parse_directive(term);
    if (parsed) keep(term, parsed->directive.mechanism, parsed->network);
    return parsed.has_value();
}

void Record::keep(std::string_view term, Mechanism mechanism, const std::optional<dns::IpNetwork>& network) {
    const std::size_t words = words_of(mechanism);
    if (reached_all_ || (words != 0 && !network)) return;
    reached_all_ = mechanism == Mechanism::all;  // RFC 7208 §5.1
    Term& kept = terms_.emplace_back();
    kept.begin = place_of(term);
    kept.mechanism = mechanism;
    if (words == 0) return;
    kept.prefix = static_cast<std::uint8_t>(network->prefix());
    for (std::size_t i = 0; i < words; ++i)
        addresses_.push_back(word_of(network->address(), i));
}

std::uint16_t Record::place_of(std::string_view part) const {
    return static_cast<std::uint16_t>(part.data() - text_.data());
}

bool Record::check_modifier(std::string_view name, std::string_view value) {
    if (ascii::equals_ignoring_case(name, "redirect")) return take_known_modifier(redirect_, value);
    if (ascii::equals_ignoring_case(name, "exp")) return take_known_modifier(explanation_, value);
    return MacroString::parse(value, MacroUse::modifier_value).has_value();
}

// redirect= and exp=: at most once each (RFC 7208 §6), and never unknown modifiers with another grammar.
bool Record::take_known_modifier(Part& modifier, std::string_view value) {
    if (modifier.length != 0 || !MacroString::parse(value, MacroUse::domain_spec)) return false;
    modifier.begin = place_of(value);
    modifier.length = static_cast<std::uint16_t>(value.size());
    return true;
}

std::optional<MacroString> Record::macro_string(const Part& part) const {
    if (part.length == 0) return std::nullopt;
    return MacroString::parse(std::string_view(text_).substr(part.begin, part.length), MacroUse::domain_spec);
}

std::optional<Directive> Record::next_for(const dns::IpAddress& client, Position& position) const {
    const Mechanism of_client = client.is_v4() ? Mechanism::ip4 : Mechanism::ip6;
    std::array<std::uint32_t, 4> words{};
    for (std::size_t i = 0; i < words_of(of_client); ++i)
        words[i] = word_of(client, i);
    while (position.term < terms_.size()) {
        const Term& term = terms_[position.term++];
        if (const std::size_t count = words_of(term.mechanism); count != 0) {
            const std::uint32_t* network = addresses_.data() + position.address;
            position.address += count;
            if (term.mechanism != of_client || !agree(network, words, term.prefix)) continue;
        }
        std::size_t place = term.begin;
        const std::string_view text = next_term(text_, place);
        std::optional<ParsedDirective> parsed = parse_directive(text);
        parsed->directive.text = text;
        return std::move(parsed->directive);
    }
    return std::nullopt;
}

const std::string* find_spf(const dns::Answer& answer) {
    for (const dns::RecordData& data : answer.records) {
        const auto* text = std::get_if<std::string>(&data);
        if (text && is_spf_record(*text)) return text;
    }
    return nullptr;
}

Published read_published(const dns::Answer& answer) {
    const std::string* selected = nullptr;
    for (const dns::RecordData& data : answer.records) {
        const auto* text = std::get_if<std::string>(&data);
        if (!text || !is_spf_record(*text)) continue;
        if (selected) return SeveralRecords();
        selected = text;
    }
    std::variant<Record, SyntaxError> parsed = Record::parse(*selected);
    if (auto* error = std::get_if<SyntaxError>(&parsed)) return std::move(*error);
    return std::get<Record>(std::move(parsed));
}

}  // namespace gatepost::auth::spf
