#include "dns/reply_matcher.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <string_view>

namespace gatepost::dns {
namespace {

constexpr unsigned opcode_query = 0;
constexpr std::uint16_t class_in = 1;
constexpr unsigned rcode_no_error = 0;
constexpr unsigned rcode_nx_domain = 3;

// A server that could not read the query may send back nothing but the header (RFC 1035 §4.1.1). That much
// is believed where it says that something failed, and never as an answer.
bool bare_failure(const MessageHeader& header) {
    return header.questions == 0 && header.answers == 0 && header.rcode != rcode_no_error &&
           header.rcode != rcode_nx_domain;
}

enum class NameMatch { same, other_case, different };

// The name at `offset` against the one that was sent, octet by octet. A reply's first name has nothing before
// it that a pointer could lead to, so it is never compressed.
NameMatch compare_name(Octets message, std::size_t offset, std::string_view sent) {
    bool other_case = false;
    for (;;) {
        const std::string_view label = sent.substr(0, sent.find('.'));
        if (message[offset] != label.size() || message.size() - offset <= label.size() + 1)
            return NameMatch::different;
        ++offset;
        for (const char wanted : label) {
            const char got = static_cast<char>(message[offset++]);
            if (ascii::to_lower(got) != ascii::to_lower(wanted)) return NameMatch::different;
            other_case = other_case || got != wanted;
        }
        if (label.empty()) break;
        sent.remove_prefix(std::min(sent.size(), label.size() + 1));
    }
    return other_case ? NameMatch::other_case : NameMatch::same;
}

}  // namespace

ReplyMatch match_reply(Octets message, const Query& query, const ServerAddress& from,
                       const ServerAddress& asked) {
    if (from.address != asked.address || from.port != asked.port) return ReplyMatch::not_ours;
    return match_reply(message, query);
}

ReplyMatch match_reply(Octets message, const Query& query) {
    const auto header = read_header(message);
    if (!header || header->id != query.id || !header->response || header->opcode != opcode_query)
        return ReplyMatch::not_ours;
    if (bare_failure(*header)) return ReplyMatch::ours;

    const auto question = read_question(message);
    if (!question) return ReplyMatch::malformed;
    if (question->record_class != class_in || question->type != static_cast<std::uint16_t>(query.type))
        return ReplyMatch::not_ours;
    const bool mixed = !query.spelling.empty();
    switch (compare_name(message, header_octets, mixed ? query.spelling : query.name.text())) {
        case NameMatch::same:
            return ReplyMatch::ours;
        case NameMatch::other_case:
            return mixed ? ReplyMatch::folded : ReplyMatch::ours;  // RFC 4343 §3
        case NameMatch::different:
            break;
    }
    return ReplyMatch::not_ours;
}

}  // namespace gatepost::dns
