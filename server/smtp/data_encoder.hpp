// The mirror of data_decoder: content into what follows 354 (RFC 5321 §4.5.2). Decoding what it writes gives
// the content back octet by octet, with a CRLF added where the content did not end in one.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::server::smtp {

class DataEncoder {
  public:
    // Appends to `wire`. Content may be cut anywhere.
    void encode(std::string_view content, std::string& wire);
    // Ends the content's last line where it has not ended, and appends "." CRLF. Call once, at the end.
    void finish(std::string& wire) const;

  private:
    enum class State { line_start, inside, after_cr };
    State state_ = State::line_start;
};

}  // namespace gatepost::server::smtp
