#include "dns/local_records.hpp"

#include "dns/ascii.hpp"

#include <map>
#include <utility>

namespace gatepost::dns {
namespace {

constexpr std::uint32_t max_ttl = 0x7fffffff;    // RFC 2181 §8
constexpr std::size_t max_string_octets = 255;   // RFC 1035 §3.3
constexpr std::size_t max_line_octets = 65'535;  // local: more than the record's RDATA could hold

struct Token {
    std::string text;
    bool quoted = false;
    bool escaped = false;
};

LocalRecordResult failed(std::string error) {
    LocalRecordResult result;
    result.error = std::move(error);
    return result;
}

// Takes an escape behind its backslash: \DDD is an octet, \X is X (RFC 1035 §5.1). false: it is cut or over
// 255.
bool take_escape(std::string_view line, std::size_t& position, std::string& text) {
    if (position >= line.size()) return false;
    if (!ascii::is_digit(line[position])) {
        text += line[position++];
        return true;
    }
    const auto octet = ascii::parse_decimal<unsigned>(line.substr(position, 3), 3);
    if (line.size() - position < 3 || !octet || *octet > 255) return false;
    text += static_cast<char>(*octet);
    position += 3;
    return true;
}

// The line's words; the error where one is broken.
std::optional<std::string> split(std::string_view line, std::vector<Token>& tokens) {
    std::size_t position = 0;
    for (;;) {
        while (position < line.size() && ascii::is_wsp(line[position]))
            ++position;
        if (position == line.size() || line[position] == ';') return std::nullopt;  // ';' begins a comment
        Token token;
        token.quoted = line[position] == '"';
        if (token.quoted) ++position;
        for (;;) {
            if (position == line.size()) {
                if (token.quoted) return "a quoted string is not closed";
                break;
            }
            const char c = line[position];
            if (c == '\r' || c == '\n') return "one record a line";
            if (token.quoted ? c == '"' : ascii::is_wsp(c) || c == ';' || c == '"') break;
            ++position;
            if (c != '\\') {
                token.text += c;
                continue;
            }
            token.escaped = true;
            if (!take_escape(line, position, token.text)) return "a broken escape";
        }
        if (token.quoted) ++position;
        tokens.push_back(std::move(token));
    }
}

std::optional<RrType> type_of(const Token& token) {
    constexpr RrType types[] = {RrType::a,  RrType::aaaa, RrType::cname, RrType::mx,
                                RrType::ns, RrType::ptr,  RrType::txt};
    for (const RrType type : types)
        if (!token.quoted && ascii::equals_ignoring_case(token.text, to_string(type))) return type;
    return std::nullopt;
}

// TTL and class in either order, both optional. The index of the type's token, or the error.
std::optional<std::string> take_prefix(const std::vector<Token>& tokens, LocalRecord& record,
                                       std::size_t& index) {
    bool ttl_seen = false;
    bool class_seen = false;
    for (index = 1; index < tokens.size(); ++index) {
        const std::string& text = tokens[index].text;
        if (tokens[index].quoted) return std::nullopt;
        if (const auto ttl = ascii::parse_decimal<std::uint32_t>(text, 10); ttl && !ttl_seen) {
            if (*ttl > max_ttl) return "TTL " + text + " is over 2147483647";
            record.ttl = std::chrono::seconds(*ttl);
            ttl_seen = true;
        } else if (ascii::equals_ignoring_case(text, "IN") && !class_seen) {
            class_seen = true;
        } else {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<std::string> take_strings(const std::vector<Token>& tokens, std::size_t first,
                                        LocalRecord& record) {
    std::string joined;
    for (std::size_t i = first; i < tokens.size(); ++i) {
        if (tokens[i].text.size() > max_string_octets)
            return "a string of " + std::to_string(tokens[i].text.size()) +
                   " octets: at most 255, so write it as several";
        joined += tokens[i].text;
    }
    record.data = std::move(joined);
    return std::nullopt;
}

std::optional<std::string> take_address(const Token& token, LocalRecord& record) {
    const auto address = IpAddress::parse(token.text);
    const bool v4 = record.type == RrType::a;
    if (!address || address->is_v4() != v4)
        return "'" + token.text + "' is no IPv" + (v4 ? "4" : "6") + " address";
    record.data = *address;
    return std::nullopt;
}

std::optional<std::string> take_name(const Token& token, DomainName& name) {
    if (token.escaped) return "escapes in domain names are not taken";
    auto parsed = DomainName::parse(token.text);
    if (!parsed) return "'" + token.text + "' is no domain name";
    name = std::move(*parsed);
    return std::nullopt;
}

std::optional<std::string> take_data(const std::vector<Token>& tokens, std::size_t first,
                                     LocalRecord& record) {
    const std::size_t count = tokens.size() - first;
    const std::size_t wanted = record.type == RrType::mx ? 2 : 1;
    if (record.type == RrType::txt ? count == 0 : count != wanted)
        return std::string(to_string(record.type)) + " has " + std::to_string(count) + " data fields, not " +
               (record.type == RrType::txt ? "one or more" : std::to_string(wanted));
    switch (record.type) {
        case RrType::txt:
            return take_strings(tokens, first, record);
        case RrType::a:
        case RrType::aaaa:
            return take_address(tokens[first], record);
        case RrType::mx: {
            MxData mx;
            const auto preference = ascii::parse_decimal<std::uint16_t>(tokens[first].text, 5);
            if (!preference) return "'" + tokens[first].text + "' is no MX preference";
            mx.preference = *preference;
            auto error = take_name(tokens[first + 1], mx.exchange);
            record.data = std::move(mx);
            return error;
        }
        default: {
            DomainName name;
            auto error = take_name(tokens[first], name);
            record.data = std::move(name);
            return error;
        }
    }
}

}  // namespace

LocalRecordResult parse_local_record(std::string_view line) {
    if (line.size() > max_line_octets) return failed("the line is too long");
    std::vector<Token> tokens;
    if (auto error = split(line, tokens)) return failed(std::move(*error));
    if (tokens.empty()) return failed("an empty line");

    LocalRecord record;
    if (auto error = take_name(tokens[0], record.name)) return failed(std::move(*error));
    std::size_t index = 0;
    if (auto error = take_prefix(tokens, record, index)) return failed(std::move(*error));
    if (index == tokens.size()) return failed("no record type");
    const auto type = type_of(tokens[index]);
    if (!type) return failed("'" + tokens[index].text + "' is none of A, AAAA, CNAME, MX, NS, PTR and TXT");
    record.type = *type;
    if (auto error = take_data(tokens, index + 1, record)) return failed(std::move(*error));
    LocalRecordResult result;
    result.record = std::move(record);
    return result;
}

LocalZone make_local_zone(const std::vector<std::string>& lines) {
    LocalZone local;
    const auto zone = std::make_shared<ZoneResolver>();
    std::map<DomainName, bool> aliased;  // by name: it holds a CNAME, and so nothing else
    for (std::size_t i = 0; i < lines.size(); ++i) {
        LocalRecordResult result = parse_local_record(lines[i]);
        if (!result.record) {
            local.errors.push_back(LocalZone::Error{i, std::move(result.error)});
            continue;
        }
        LocalRecord& record = *result.record;
        const bool is_alias = record.type == RrType::cname;
        const auto [known, is_new] = aliased.try_emplace(record.name, is_alias);
        if (!is_new && (is_alias || known->second)) {
            local.errors.push_back(LocalZone::Error{
                i, record.name.text() + " has a CNAME, which stands alone (RFC 1034 §3.6.2)"});
            continue;
        }
        zone->add(std::move(record.name), record.type, std::move(record.data), record.ttl);
    }
    local.zone = zone;
    return local;
}

}  // namespace gatepost::dns
