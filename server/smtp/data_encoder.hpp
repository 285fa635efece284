// The mirror of data_decoder: content into what follows 354 (RFC 5321 §4.5.2). Decoding what it writes gives
// the content back octet by octet, with a CRLF added where the content did not end in one. It is as strict as
// the decoder (RFC 5321 §2.3.8): content with a bare CR, a bare LF or a NUL is not encoded. None comes as far
// as this, so it is a bug of ours or a damaged file, and the server behind may see another end in it than we
// do: nothing is rewritten, and the transaction must end without its final dot.
#pragma once

#include "server/smtp/content_framing.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

class DataEncoder {
  public:
    // Appends to `wire`. Content may be cut anywhere. False: the content is at fault, now or before; nothing
    // of `wire` may be sent any more.
    bool encode(std::string_view content, std::string& wire);
    // Ends the content's last line where it has not ended, and appends "." CRLF. Call once, at the end.
    // False: as above, and no end was written.
    bool finish(std::string& wire);

    // Of several faults any one.
    const std::optional<FramingFault::Kind>& fault() const { return fault_; }

  private:
    enum class State { line_start, inside, after_cr };
    bool fail(FramingFault::Kind kind);

    State state_ = State::line_start;
    std::optional<FramingFault::Kind> fault_;
};

}  // namespace gatepost::server::smtp
