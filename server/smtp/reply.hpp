// A reply: three digits, the enhanced status code and text of one or more lines (RFC 5321 §4.2, RFC 2034,
// RFC 3463). What is in it can always be sent: the text is printable ASCII in lines of bounded length,
// whatever it was made from, so that no peer's octets can end a line or forge a further reply.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::smtp {

// RFC 3463 §2: class "." subject "." detail.
struct EnhancedCode {
    int status_class = 0;  // 2, 4 or 5
    int subject = 0;       // 0 to 999
    int detail = 0;        // 0 to 999

    // nullopt for anything but the three numbers alone.
    static std::optional<EnhancedCode> parse(std::string_view text);
    std::string text() const;
    friend bool operator==(const EnhancedCode&, const EnhancedCode&) = default;
};

class Reply {
  public:
    // `code` 200 to 599. `enhanced` is "2.1.0" or "" for none; it is left out where its class is not the
    // code's first digit (RFC 2034 §4). Octets of `text` that are not printable ASCII become '?', and line
    // ends become spaces; what is too long for a line goes on in a further line.
    Reply(int code, std::string_view enhanced, std::string_view text);
    // Several lines, for EHLO and HELP, or as a downstream sent them.
    Reply(int code, std::string_view enhanced, const std::vector<std::string>& lines);

    int code() const { return code_; }
    const std::optional<EnhancedCode>& enhanced_code() const { return enhanced_; }
    // At least one; without the codes and line ends.
    const std::vector<std::string>& lines() const { return lines_; }
    // The lines joined by one space, for logs and for a reply that quotes this one.
    std::string text() const;

    bool is_positive() const { return code_ < 300; }                           // 2xx
    bool is_intermediate() const { return code_ >= 300 && code_ < 400; }       // 354
    bool is_transient_failure() const { return code_ >= 400 && code_ < 500; }  // 4xx
    bool is_permanent_failure() const { return code_ >= 500; }                 // 5xx

    // The same with " (`hostname` `id`)" behind its last line: what an operator finds the case by.
    Reply signed_by(std::string_view hostname, std::string_view id) const;
    // signed_by() made it, whatever its text holds.
    bool is_signed() const { return is_signed_; }

    // "250-2.1.0 first\r\n250 2.1.0 last\r\n"; the enhanced code stands in every line (RFC 2034 §4).
    std::string wire() const;

    // What the client sees is the same.
    friend bool operator==(const Reply& a, const Reply& b) {
        return a.code_ == b.code_ && a.enhanced_ == b.enhanced_ && a.lines_ == b.lines_;
    }

  private:
    Reply(int code, std::string_view enhanced);

    int code_;
    std::optional<EnhancedCode> enhanced_;
    std::vector<std::string> lines_;
    bool is_signed_ = false;
};

}  // namespace gatepost::server::smtp
