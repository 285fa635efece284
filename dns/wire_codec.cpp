#include "dns/wire_codec.hpp"

#include "dns/release.hpp"

#include <ldns/ldns.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace gatepost::dns {
namespace {

constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t type_opt = 41;            // RFC 6891 §6.1.1
constexpr std::uint16_t flag_recursion = 0x0100;  // RD
constexpr std::uint16_t flag_authentic = 0x0020;  // AD
constexpr std::uint16_t option_cookie = 10;       // RFC 7873 §4

using RrPtr = std::unique_ptr<ldns_rr, Release<ldns_rr_free>>;

void append_16_bits(std::vector<std::uint8_t>& out, unsigned value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

void append_name(std::vector<std::uint8_t>& out, std::string_view name) {
    for (std::string_view rest = name; !rest.empty();) {
        const std::string_view label = rest.substr(0, rest.find('.'));
        out.push_back(static_cast<std::uint8_t>(label.size()));
        out.insert(out.end(), label.begin(), label.end());
        rest.remove_prefix(std::min(rest.size(), label.size() + 1));
    }
    out.push_back(0);
}

std::uint16_t wire_type(RrType type) {
    return static_cast<std::uint16_t>(type);
}

Octets octets_of(const ldns_rdf& data) {
    return {ldns_rdf_data(&data), ldns_rdf_size(&data)};
}

// RDATA of which the names are sound and end where the record ends, so that ldns has nothing to follow that
// was not followed here.
bool sound_data(Octets message, const RawRecord& record) {
    const std::size_t end = record.data + record.data_size;
    const auto name_fills = [&](std::size_t offset) {
        const auto name = offset < end ? read_name(message, offset) : std::nullopt;
        return name && name->end == end;
    };
    switch (RrType{record.type}) {
        case RrType::a:
            return record.data_size == 4;
        case RrType::aaaa:
            return record.data_size == 16;
        case RrType::cname:
        case RrType::ns:
        case RrType::ptr:
            return name_fills(record.data);
        case RrType::mx:
            return name_fills(record.data + 2);
        case RrType::txt:
            return record.data_size > 0;
        case RrType::soa: {
            const auto mname = read_name(message, record.data);
            const auto rname = mname ? read_name(message, mname->end) : std::nullopt;
            return rname && rname->end + 5 * sizeof(std::uint32_t) == end;
        }
    }
    return false;
}

RrPtr parse_record(Octets message, const RawRecord& record) {
    if (!sound_data(message, record)) return nullptr;
    ldns_rr* parsed = nullptr;
    std::size_t position = record.offset;
    const ldns_status status =
        ldns_wire2rr(&parsed, message.data(), record.data + record.data_size, &position, LDNS_SECTION_ANSWER);
    if (status != LDNS_STATUS_OK) return nullptr;
    return RrPtr(parsed);
}

std::optional<DomainName> name_of(const ldns_rr& rr, std::size_t field) {
    if (ldns_rr_rd_count(&rr) <= field) return std::nullopt;
    const auto name = read_name(octets_of(*ldns_rr_rdf(&rr, field)), 0);
    return name ? name->name : std::nullopt;
}

std::optional<RecordData> address_of(const ldns_rr& rr) {
    const Octets octets = octets_of(*ldns_rr_rdf(&rr, 0));
    if (octets.size() == 4) return IpAddress::v4({octets[0], octets[1], octets[2], octets[3]});
    std::array<std::uint8_t, 16> sixteen{};
    if (octets.size() != sixteen.size()) return std::nullopt;
    std::copy(octets.begin(), octets.end(), sixteen.begin());
    return IpAddress::v6(sixteen);
}

std::string joined_strings(const ldns_rr& rr) {
    std::string text;
    for (std::size_t i = 0; i < ldns_rr_rd_count(&rr); ++i) {
        const Octets string = octets_of(*ldns_rr_rdf(&rr, i)).subspan(1);  // behind its length
        text.append(string.begin(), string.end());
    }
    return text;
}

// nullopt: a name that is no DomainName.
std::optional<RecordData> data_of(const ldns_rr& rr, RrType type) {
    switch (type) {
        case RrType::a:
        case RrType::aaaa:
            return address_of(rr);
        case RrType::txt:
            return joined_strings(rr);
        case RrType::mx: {
            auto exchange = name_of(rr, 1);
            if (!exchange) return std::nullopt;
            return MxData{read_16_bits(octets_of(*ldns_rr_rdf(&rr, 0)), 0), std::move(*exchange)};
        }
        case RrType::ns:
        case RrType::cname:
        case RrType::ptr:
            if (auto name = name_of(rr, 0)) return std::move(*name);
            return std::nullopt;
        case RrType::soa:
            break;  // only its MINIMUM is of use
    }
    return std::nullopt;
}

// RFC 6891 §6.1.2: code, length, data, again and again.
void read_option_list(Octets list, ReplyOptions& options) {
    constexpr std::size_t head = 4;
    while (!list.empty()) {
        const std::size_t size = list.size() < head ? 0 : read_16_bits(list, 2);
        if (list.size() < head + size) {
            options.broken = true;
            return;
        }
        // RFC 7873 §5.3: all but the first are ignored; one of an illegal length spoils the reply.
        if (read_16_bits(list, 0) == option_cookie && !options.cookie) {
            options.cookie = Cookie::read(list.subspan(head, size));
            options.broken = options.broken || !options.cookie;
        }
        list = list.subspan(head + size);
    }
}

}  // namespace

std::optional<Cookie> Cookie::read(Octets data) {
    constexpr std::size_t least_with_server = 16;  // RFC 7873 §4: a server cookie has 8 to 32 octets
    if (data.size() != client_octets && (data.size() < least_with_server || data.size() > max_octets))
        return std::nullopt;
    Cookie cookie;
    std::copy(data.begin(), data.end(), cookie.octets_.begin());
    cookie.size_ = data.size();
    return cookie;
}

bool Cookie::same_client(const Cookie& other) const {
    return std::equal(octets_.begin(), octets_.begin() + client_octets, other.octets_.begin());
}

std::vector<std::uint8_t> encode_query(const Query& query) {
    constexpr std::size_t around_name = 96;  // header, type, class, OPT with the longest cookie
    std::vector<std::uint8_t> out;
    out.reserve(query.name.text().size() + around_name);
    append_16_bits(out, query.id);
    append_16_bits(out, flag_recursion | (query.authentic_data ? flag_authentic : 0U));
    append_16_bits(out, 1);  // one question
    append_16_bits(out, 0);
    append_16_bits(out, 0);
    append_16_bits(out, query.edns ? 1 : 0);
    append_name(out, query.spelling.empty() ? query.name.text() : query.spelling);
    append_16_bits(out, wire_type(query.type));
    append_16_bits(out, class_in);
    if (!query.edns) return out;
    out.push_back(0);  // RFC 6891 §6.1.2: the owner is the root
    append_16_bits(out, type_opt);
    append_16_bits(out, edns_udp_octets);
    append_16_bits(out, 0);  // extended RCODE, version 0
    append_16_bits(out, 0);  // flags
    const Octets cookie = query.cookie ? query.cookie->octets() : Octets();
    constexpr std::size_t option_head = 4;
    append_16_bits(out, cookie.empty() ? 0U : static_cast<unsigned>(option_head + cookie.size()));
    if (cookie.empty()) return out;
    append_16_bits(out, option_cookie);
    append_16_bits(out, static_cast<unsigned>(cookie.size()));
    out.insert(out.end(), cookie.begin(), cookie.end());
    return out;
}

ReplyOptions read_options(Octets message, const std::vector<RawRecord>& records) {
    ReplyOptions options;
    for (const RawRecord& record : records) {
        if (record.section != Section::additional || record.type != type_opt) continue;
        // RFC 6891 §6.1.1: one at most, at the root. Of several none can be believed.
        options.broken = options.broken || options.edns || !record.owner || !record.owner->is_root();
        options.edns = true;
        options.extended_rcode = record.ttl >> 24;  // RFC 6891 §6.1.3
        read_option_list(message.subspan(record.data, record.data_size), options);
    }
    return options;
}

DecodedData decode_data(Octets message, const RawRecord& record) {
    DecodedData decoded;
    const RrPtr parsed = parse_record(message, record);
    if (!parsed || ldns_rr_rd_count(parsed.get()) == 0) return decoded;
    decoded.sound = true;
    decoded.data = data_of(*parsed, RrType{record.type});
    return decoded;
}

std::optional<DomainName> decode_dname_target(Octets message, const RawRecord& record) {
    const auto target = record.data_size > 0 ? read_name(message, record.data) : std::nullopt;
    if (!target || target->end != record.data + record.data_size) return std::nullopt;
    return target->name;
}

std::optional<std::uint32_t> decode_soa_minimum(Octets message, const RawRecord& record) {
    constexpr std::size_t minimum_field = 6;  // RFC 1035 §3.3.13: the last of seven
    const RrPtr parsed = parse_record(message, record);
    if (!parsed || ldns_rr_rd_count(parsed.get()) <= minimum_field) return std::nullopt;
    return ldns_rdf2native_int32(ldns_rr_rdf(parsed.get(), minimum_field));
}

}  // namespace gatepost::dns
