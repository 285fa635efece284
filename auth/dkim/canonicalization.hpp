// Canonicalization of header fields and of the body (RFC 6376 §3.4).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace gatepost::auth::dkim {

enum class Canonicalization { simple, relaxed };

std::string_view to_string(Canonicalization canonicalization);

// Appends the canonical form of one field, its final CRLF included, to `out`. `raw`: the whole field; the
// final CRLF may be missing.
void canonicalize_header_field(Canonicalization canonicalization, std::string_view raw, std::string& out);

// The body as a stream: what comes out does not depend on how the body is cut into chunks. Memory is one
// buffer, however long the runs of white space and empty lines are that have to be held back.
class BodyCanonicalizer {
  public:
    using Sink = std::function<void(std::string_view)>;

    // `sink` is given the canonical octets, in order and in pieces of any size.
    BodyCanonicalizer(Canonicalization canonicalization, Sink sink);

    void update(std::string_view chunk);
    // The body ended here. Call once.
    void finish();

  private:
    std::size_t take_pending_cr(std::string_view chunk);
    void take_line_part(std::string_view part);
    void end_line();
    void write_text(std::string_view text);
    void write(std::string_view octets);
    void flush();

    Canonicalization canonicalization_;
    Sink sink_;
    std::string buffer_;
    std::size_t held_line_ends_ = 0;  // CRLFs that count only if text follows
    bool held_blank_ = false;         // relaxed: white space that counts only if text follows on its line
    bool held_cr_ = false;            // a CR whose LF may come with the next chunk
    bool any_text_ = false;
};

}  // namespace gatepost::auth::dkim
