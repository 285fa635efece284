// Cuts command lines out of octets as they come (RFC 5321 §2.3.8, §4.1.1). Only CRLF ends a line. A line with
// a bare CR or a NUL is read to its CRLF and reported as bad, never split: two readers that disagree about
// where a command ends are how commands are smuggled. A bare LF is reported at once, as its sender may wait
// for a reply before any CRLF comes; what follows it is not to be read. Memory is bounded by
// max_command_line_octets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

enum class LineFault { none, bare_cr, bare_lf, nul };

class LineReader {
  public:
    enum class Status {
        need_more,  // all input taken, no line has ended
        line,       // line() is one command line
        too_long,   // a line over the bound has ended; line() is how it began
        bad,        // a line with fault() has ended, or bare_lf was met in it; line() is how it began
    };

    // Takes octets off the front of `input`, up to the end of one line; what follows stays in `input`. A peer
    // may send a line that never ends: the time for a command runs from its first octet, not from the last
    // read.
    Status read(std::string_view& input);
    // Without CRLF. Valid until the next call of read() and as long as its input. Only a `line` may be
    // executed.
    std::string_view line() const { return line_; }
    LineFault fault() const { return fault_; }
    // Whether a line has begun and not ended.
    bool is_inside_line() const { return octets_ != 0 && !ended_; }
    // Forgets a line that has begun; for STARTTLS (RFC 3207 §4.2).
    void reset();

  private:
    Status end_line(std::string_view last_part);
    void note_fault(char octet);
    void keep(std::string_view part);

    std::string partial_;  // of a line that came in several parts
    std::string_view line_;
    std::size_t octets_ = 0;  // of the line so far, CRLF included; of one too long to keep, too
    bool after_cr_ = false;
    LineFault fault_ = LineFault::none;
    bool ended_ = false;  // the last call gave a line
};

}  // namespace gatepost::server::smtp
