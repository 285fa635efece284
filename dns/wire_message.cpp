#include "dns/wire_message.hpp"

#include <algorithm>
#include <string>

namespace gatepost::dns {
namespace {

constexpr std::size_t max_message_octets = 65535;  // RFC 1035 §4.2.2: the length before it has 16 bits
constexpr std::size_t max_name_octets = 255;       // RFC 1035 §2.3.4
constexpr int max_pointers = 127;  // local: more than any name has labels, so an honest name never needs it
constexpr std::size_t min_question_octets = 5;  // RFC 1035 §4.1.2: the root, type, class
constexpr std::size_t min_record_octets = 11;   // RFC 1035 §4.1.3: the root, type, class, TTL, RDLENGTH
constexpr std::uint16_t type_sig = 24;          // RFC 2931: SIG(0)
constexpr std::uint16_t type_tsig = 250;        // RFC 8945

std::uint32_t read_32_bits(Octets message, std::size_t offset) {
    return static_cast<std::uint32_t>(read_16_bits(message, offset)) << 16 |
           read_16_bits(message, offset + 2);
}

void append_label(std::string& text, Octets label) {
    if (!text.empty()) text += '.';
    for (const std::uint8_t octet : label) {
        if (octet == '.')
            text += "\\046";  // RFC 1035 §5.1
        else
            text += static_cast<char>(octet);
    }
}

std::optional<DomainName> to_domain_name(const std::string& text) {
    return text.empty() ? DomainName() : DomainName::parse(text);
}

// The counts are promises: what cannot fit is refused before anything is reserved for it.
bool counts_fit(const MessageHeader& header, std::size_t size) {
    const std::size_t records =
        std::size_t{header.answers} + std::size_t{header.authorities} + std::size_t{header.additionals};
    const std::size_t least = header.questions * min_question_octets + records * min_record_octets;
    return least <= size - header_octets;
}

std::optional<RawRecord> read_record(Octets message, std::size_t offset, Section section) {
    const auto owner = read_name(message, offset);
    constexpr std::size_t fixed = min_record_octets - 1;
    if (!owner || message.size() - owner->end < fixed) return std::nullopt;

    RawRecord record;
    record.section = section;
    record.owner = owner->name;
    record.offset = offset;
    record.type = read_16_bits(message, owner->end);
    record.record_class = read_16_bits(message, owner->end + 2);
    record.ttl = read_32_bits(message, owner->end + 4);
    record.data_size = read_16_bits(message, owner->end + 8);
    record.data = owner->end + fixed;
    if (message.size() - record.data < record.data_size) return std::nullopt;
    if (record.type == type_tsig || record.type == type_sig) return std::nullopt;
    return record;
}

}  // namespace

std::uint16_t read_16_bits(Octets message, std::size_t offset) {
    return static_cast<std::uint16_t>(message[offset] << 8 | message[offset + 1]);
}

std::optional<MessageHeader> read_header(Octets message) {
    if (message.size() < header_octets || message.size() > max_message_octets) return std::nullopt;
    const unsigned flags = read_16_bits(message, 2);
    MessageHeader header;
    header.id = read_16_bits(message, 0);
    header.response = (flags & 0x8000U) != 0;
    header.opcode = (flags >> 11) & 0x0fU;
    header.authoritative = (flags & 0x0400U) != 0;
    header.truncated = (flags & 0x0200U) != 0;
    header.authentic_data = (flags & 0x0020U) != 0;  // RFC 4035 §3.2.3
    header.rcode = flags & 0x0fU;
    header.questions = read_16_bits(message, 4);
    header.answers = read_16_bits(message, 6);
    header.authorities = read_16_bits(message, 8);
    header.additionals = read_16_bits(message, 10);
    return header;
}

std::optional<WireName> read_name(Octets message, std::size_t offset) {
    WireName result;
    std::string text;
    std::size_t octets = 0;
    std::size_t limit = offset;  // a pointer leads to before here (RFC 1035 §4.1.4: a prior occurrence)
    int pointers = 0;
    while (offset < message.size()) {
        const std::uint8_t length = message[offset];
        if ((length & 0xc0U) == 0xc0U) {
            if (offset + 1 >= message.size() || ++pointers > max_pointers) return std::nullopt;
            if (result.end == 0) result.end = offset + 2;
            const std::size_t target = read_16_bits(message, offset) & 0x3fffU;
            if (target >= limit) return std::nullopt;
            offset = limit = target;
            continue;
        }
        if ((length & 0xc0U) != 0) return std::nullopt;  // RFC 6891 §5: extended labels are gone
        octets += length + std::size_t{1};
        if (octets > max_name_octets || message.size() - offset - 1 < length) return std::nullopt;
        if (length == 0) {
            if (result.end == 0) result.end = offset + 1;
            result.name = to_domain_name(text);
            return result;
        }
        append_label(text, message.subspan(offset + 1, length));
        offset += length + std::size_t{1};
    }
    return std::nullopt;
}

std::optional<Question> read_question(Octets message) {
    const auto header = read_header(message);
    if (!header || header->questions != 1) return std::nullopt;
    const auto name = read_name(message, header_octets);
    if (!name || message.size() - name->end < 4) return std::nullopt;
    Question question;
    question.name = name->name;
    question.type = read_16_bits(message, name->end);
    question.record_class = read_16_bits(message, name->end + 2);
    question.end = name->end + 4;
    return question;
}

std::optional<std::vector<RawRecord>> read_records(Octets message) {
    const auto header = read_header(message);
    const auto question = read_question(message);
    if (!header || !question || !counts_fit(*header, message.size())) return std::nullopt;

    std::vector<RawRecord> records;
    std::size_t offset = question->end;
    const std::pair<Section, std::size_t> sections[] = {{Section::answer, header->answers},
                                                        {Section::authority, header->authorities},
                                                        {Section::additional, header->additionals}};
    for (const auto& [section, count] : sections) {
        for (std::size_t i = 0; i < count; ++i) {
            auto record = read_record(message, offset, section);
            if (!record) return std::nullopt;
            offset = record->data + record->data_size;
            records.push_back(std::move(*record));
        }
    }
    return records;
}

}  // namespace gatepost::dns
