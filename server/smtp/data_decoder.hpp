// The content of a message out of what follows 354 (RFC 5321 §4.1.1.4, §4.5.2): exactly CRLF "." CRLF ends
// it, the dot that was stuffed goes. Bare CR, bare LF and NUL are judged by content_framing, and the true end
// is still found, so that the connection stays in step. Where bare newlines are normalised, they neither end
// the message nor begin a line whose dot was stuffed: nobody can tell whether a client that does not know
// what a line is stuffs dots, and to take off an octet would lose it.
#pragma once

#include "server/smtp/content_framing.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

class DataDecoder {
  public:
    explicit DataDecoder(std::uint64_t size_limit, BareNewlines bare_newlines = BareNewlines::refused)
        : framing_(size_limit, bare_newlines) {}

    // Takes octets off the front of `input` and appends content to `content`. True once the end has been
    // seen: `input` then begins with what follows it, commands. Any chunking gives the same.
    bool decode(std::string_view& input, std::string& content);

    bool is_done() const { return state_ == State::done; }
    const ContentFraming& framing() const { return framing_; }

  private:
    enum class State { line_start, inside, after_cr, after_dot, after_dot_cr, done };

    ContentFraming framing_;
    State state_ = State::line_start;
};

}  // namespace gatepost::server::smtp
