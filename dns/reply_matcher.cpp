#include "dns/reply_matcher.hpp"

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

}  // namespace

ReplyMatch match_reply(Octets message, const Query& query, const ServerAddress& from,
                       const ServerAddress& asked) {
    const auto header = read_header(message);
    if (!header || from != asked) return ReplyMatch::not_ours;
    if (header->id != query.id || !header->response || header->opcode != opcode_query)
        return ReplyMatch::not_ours;
    if (bare_failure(*header)) return ReplyMatch::ours;

    const auto question = read_question(message);
    if (!question) return ReplyMatch::malformed;
    const bool same = question->name == query.name && question->record_class == class_in &&
                      question->type == static_cast<std::uint16_t>(query.type);
    return same ? ReplyMatch::ours : ReplyMatch::not_ours;
}

}  // namespace gatepost::dns
