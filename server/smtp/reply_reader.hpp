// Reads the replies of a server out of octets as they come (RFC 5321 §4.2.1), for the client's side. Lines
// and their number are bounded; lines of one reply that disagree about the code are no reply.
#pragma once

#include "server/smtp/reply.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::smtp {

class ReplyReader {
  public:
    enum class Status {
        need_more,  // all input taken, the reply has not ended
        reply,      // one reply is whole; input begins behind it
        malformed,  // not a reply by §4.2.1, or over the bounds of limits.hpp; the reader stays so
    };

    // Takes octets off the front of `input`.
    Status read(std::string_view& input);
    // The reply that read() just completed; valid until the next read().
    const Reply& reply() const { return *reply_; }
    // Whether a reply has begun and not ended.
    bool is_inside_reply() const { return !partial_.empty() || !lines_.empty(); }

  private:
    bool take_line(std::string_view line, bool& last);
    void complete();

    std::string partial_;             // the line that has not ended
    std::vector<std::string> lines_;  // text of the lines that have
    int code_ = 0;
    bool malformed_ = false;
    std::optional<Reply> reply_;
};

}  // namespace gatepost::server::smtp
