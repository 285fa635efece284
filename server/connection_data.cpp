// How a connection receives a message, by DATA or by BDAT. The connection itself is in connection.cpp.
#include "server/connection.hpp"
#include "server/smtp/data_decoder.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace gatepost::server {
namespace asio = boost::asio;

template <class Decoder>
asio::awaitable<bool> Connection::receive(Decoder& decoder) {
    std::string content;
    for (;;) {
        std::string_view rest = input_.unread();
        content.clear();
        const bool done = decoder.decode(rest, content);
        input_.consume_to(rest);
        if (!content.empty()) co_await transaction_->content(content);
        if (done) break;
        if (!transaction_->is_in_header()) pace_->end_header();
        const bool more = co_await read_data(*pace_);
        if (!more) co_return false;
    }
    end_data();
    co_return true;
}

asio::awaitable<smtp::Action> Connection::receive_message() {
    begin_data();
    smtp::DataDecoder decoder(session_.message_size(), transaction_->bare_newlines());
    const bool whole = co_await receive(decoder);
    if (!whole) co_return connection_lost();
    smtp::Reply reply = co_await transaction_->finish(*session_.envelope(), decoder.framing());
    transaction_.reset();
    message_came();
    co_return session_.on_message_done(std::move(reply));
}

// RFC 3030 §2. The octets of a chunk that is refused are read and thrown away.
asio::awaitable<smtp::Action> Connection::receive_chunk(smtp::ReceiveChunk chunk) {
    commands_.chunk_came(chunk.octets);
    if (!chunk.keep) {
        const bool skipped = co_await skip_chunk(chunk.octets);
        if (!skipped) co_return connection_lost();
        co_return session_.on_chunk_done(std::nullopt);
    }
    if (chunk.first) {
        begin_data();
        chunks_.emplace(session_.message_size(), transaction_->bare_newlines());
    }
    chunks_->begin_chunk(chunk.octets, chunk.last);
    const bool whole = co_await receive(*chunks_);
    if (!whole) co_return connection_lost();
    if (chunk.last) {
        smtp::Reply reply = co_await transaction_->finish(*session_.envelope(), chunks_->framing());
        transaction_.reset();
        message_came();
        co_return session_.on_message_done(std::move(reply));
    }
    std::optional<smtp::Reply> refusal =
        co_await transaction_->chunk_done(*session_.envelope(), chunks_->framing());
    if (refusal) {
        transaction_.reset();
        message_came();
    }
    co_return session_.on_chunk_done(std::move(refusal));
}

asio::awaitable<bool> Connection::skip_chunk(std::uint64_t octets) {
    DataPace pace = new_pace();
    smtp::ChunkReader chunk(octets);
    for (;;) {
        std::string_view rest = input_.unread();
        chunk.take(rest);
        input_.consume_to(rest);
        if (chunk.is_done()) break;
        const bool more = co_await read_data(pace);
        if (!more) co_return false;
    }
    deadline_.clear();
    co_return true;
}

DataPace Connection::new_pace() const {
    return DataPace(runtime_->config.limits.data_timeout, std::chrono::steady_clock::now());
}

// The time is the whole message's, in however many chunks it comes.
void Connection::begin_data() {
    pace_ = new_pace();
}

void Connection::end_data() {
    deadline_.clear();
    transaction_->give_back_buffers();
}

// More of a message. Replies to what stood before it in its pipelined group are not held back for it.
asio::awaitable<bool> Connection::read_data(DataPace& pace) {
    if (!write_output_now()) co_await flush();
    if (evicted_) close_with(smtp::Close{too_slow()});
    if (!open_) co_return false;
    deadline_.expires_after(pace.time_left(std::chrono::steady_clock::now()));
    waiting_for_data_ = true;
    const bool has_buffers = transaction_ && transaction_->has_buffers();
    const std::size_t octets = has_buffers ? data_read_octets : first_read_octets;
    const bool more = co_await read_more(octets);
    waiting_for_data_ = false;
    const std::size_t got = input_.unread().size();
    pace.received(got);
    // What is read, and the content made of it.
    if (transaction_ && !has_buffers && got >= first_read_octets)
        transaction_->take_buffers(2 * data_read_octets);
    co_return more;
}

// Nobody reads it: the connection is closed already.
smtp::Action Connection::connection_lost() {
    return smtp::Close{smtp::Reply(421, "4.4.2", "connection lost")};
}

}  // namespace gatepost::server
