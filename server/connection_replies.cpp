// What every refusal has: the id by which an operator finds it in the log (PRODUCT.md, "What the SMTP client
// sees"). Inside a transaction it is the transaction's, SESSION-N; before and between them the session's. The
// connection itself is in connection.cpp.
#include "server/connection.hpp"
#include "server/log.hpp"

#include <string>
#include <string_view>

namespace gatepost::server {

std::string_view Connection::id() const {
    return transaction_ ? transaction_->id() : session_id_;
}

// What a transaction refuses has its id already, and a line of its own in the log. A flag and not the text
// tells: a downstream, or a name that a client chose, may hold anything.
bool Connection::is_signed(const smtp::Reply& reply) const {
    return reply.code() < 400 || reply.is_signed();
}

smtp::Reply Connection::signed_reply(const smtp::Reply& reply) const {
    return is_signed(reply) ? reply : reply.signed_by(runtime_->config.hostname, id());
}

void Connection::answer(const smtp::Reply& reply) {
    if (is_signed(reply)) {
        output_ += reply.wire();
        return;
    }
    output_ += reply.signed_by(runtime_->config.hostname, id()).wire();
    // Noise of scanners but for what befalls a transaction: a recipient that is not ours, parameters that a
    // sender got wrong.
    LogEntry entry("command_refused", transaction_ ? LogLevel::info : LogLevel::debug);
    entry.with(transaction_ ? "tx" : "sid", id()).with("client", client_.text());
    entry.with_some("helo", session_.helo());
    if (session_.envelope()) entry.with("from", "<" + session_.envelope()->reverse_path.mailbox() + ">");
    entry.with("code", reply.code()).with("text", reply.text());
    services_.log.write_bounded(entry, client_, Log::lines_to_look_for);
}

void Connection::close_with(const smtp::Close& close) {
    output_ += signed_reply(close.reply).wire();
    open_ = false;
    lingers_ = close.reply.is_permanent_failure();
    if (!lingers_) return;
    LogEntry entry("refused_and_closed");
    entry.with("sid", session_id_).with("client", client_.text());
    entry.with_some("tx", transaction_ ? transaction_->id() : "");
    entry.with("code", close.reply.code()).with("reply", close.reply.text());
    services_.log.write_bounded(entry, client_, Log::some_lines);
}

}  // namespace gatepost::server
