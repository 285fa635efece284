// BDAT (RFC 3030 §2). Whatever a chunk's fate, its octets are never read as commands: they are taken off the
// input, or the connection ends.
#include "server/smtp/session.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace gatepost::server::smtp {
namespace {

constexpr std::string_view closing = "; closing, as what follows cannot be told from commands";

}  // namespace

// A line that is refused unread may have said how many octets follow.
Action Session::refuse_line(Reply reply, std::string_view line) {
    if (!ascii::starts_with_ignoring_case(line, "BDAT")) return fail(std::move(reply));
    return close(Reply(reply.code(), reply.enhanced_code()->text(), reply.text() + std::string(closing)));
}

Action Session::on_bdat(const Command& command) {
    const auto header = parse_chunk_header(command.argument);
    if (!header) return close(Reply(501, "5.5.4", "Syntax: BDAT chunk-size [LAST]" + std::string(closing)));
    const std::uint64_t limit = message_size();
    if (header->octets > limit - std::min(limit, chunked_octets_))
        return close(Reply(552, "5.3.4", "Message size exceeds the fixed limit, closing the connection"));
    chunk_refusal_ = check_chunk(command, *header);
    chunk_ = ReceiveChunk{header->octets, chunking_ == Chunking::none, header->last, !chunk_refusal_};
    state_ = chunk_.keep && chunk_.last ? State::message : State::chunk;
    if (chunk_.keep) chunking_ = Chunking::begun;
    // Those thrown away count too: a transaction brings no more than one message has.
    if (envelope_) chunked_octets_ += header->octets;
    return chunk_;
}

std::optional<Reply> Session::check_chunk(const Command& command, const ChunkHeader& header) const {
    if (auto refusal = check_order(command)) return refusal;
    if (!envelope_) return Reply(503, "5.5.1", "Send MAIL and RCPT first");
    if (chunking_ == Chunking::failed) return Reply(503, "5.5.1", "A chunk was refused, send RSET");
    if (!header.well_formed) return Reply(501, "5.5.4", "Syntax: BDAT chunk-size [LAST]");
    return check_recipients();
}

Action Session::on_chunk_done(std::optional<Reply> refusal) {
    expect(State::chunk, "on_chunk_done");
    state_ = State::commands;
    if (chunk_refusal_) return refuse_chunk(std::move(*chunk_refusal_));
    if (!refusal)
        return SendReply{Reply(250, "2.0.0", std::to_string(chunk_.octets) + " octets received"), true};
    ++messages_;
    chunking_ = Chunking::failed;
    if (refusal->code() == 421) return close(std::move(*refusal));
    return SendReply{std::move(*refusal), true};
}

// RFC 3030 §2: the transaction has failed, and chunks that are in the pipeline behind this one are thrown
// away; they are no further errors. The last one ends it, as a client without pipelining knows of no RSET
// there.
Action Session::refuse_chunk(Reply reply) {
    const bool in_pipeline = chunking_ == Chunking::failed;
    if (chunk_.last)
        reset_transaction();
    else if (envelope_)
        chunking_ = Chunking::failed;
    if (in_pipeline || reply.is_transient_failure()) return SendReply{std::move(reply), true};
    return fail(std::move(reply), true);
}

}  // namespace gatepost::server::smtp
