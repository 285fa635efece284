// What DATA and BDAT have in common: the octets of a message, judged and kept as they come. Only CRLF ends a
// line (RFC 5321 §2.3.8); a bare CR, a bare LF and a NUL are reported with the line they stand in, whatever
// way the octets are cut. Where an exemption forgives bare newlines each becomes CRLF, so that what is parsed
// and passed on has none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

struct FramingFault {
    enum class Kind { bare_cr, bare_lf, nul };
    Kind kind = Kind::bare_cr;
    std::uint64_t line = 0;  // of the content, from 1
    friend bool operator==(const FramingFault&, const FramingFault&) = default;
};

enum class BareNewlines { refused, normalised };

class ContentFraming {
  public:
    // Content over `size_limit` octets is counted and not kept.
    ContentFraming(std::uint64_t size_limit, BareNewlines bare_newlines)
        : size_limit_(size_limit), bare_newlines_(bare_newlines) {}

    // Judges `octets`, cut anywhere, and appends what is to be kept to `content`. From the first fault on
    // nothing is kept: the message will be refused.
    void take(std::string_view octets, std::string& content);
    // The end of the message: a CR that stands last is bare, and a last line without CRLF gets one, as DATA
    // towards the downstream server cannot do without (RFC 5321 §4.1.1.4); DKIM reads both alike (RFC 6376
    // §3.4.3, §3.4.4).
    void end(std::string& content);

    // Octets of content, those not kept too (RFC 1870 §3: stuffed dots and the end itself do not count).
    std::uint64_t size() const { return size_; }
    bool is_over_limit() const { return size_ > size_limit_; }
    // The first thing that is wrong and not forgiven. A NUL is never forgiven.
    const std::optional<FramingFault>& fault() const { return fault_; }
    // The first bare newline that was made CRLF.
    const std::optional<FramingFault>& normalised() const { return normalised_; }

  private:
    void judge(std::string_view octets, std::string& content);
    std::size_t judge_line(std::string_view octets, std::string& content);
    void normalise(std::string_view octets, std::string& content);
    void end_normalised_line(FramingFault::Kind kind, std::string& content);
    void fail(FramingFault::Kind kind);
    void keep(std::string_view octets, std::string& content);

    std::uint64_t size_limit_;
    BareNewlines bare_newlines_;
    bool after_cr_ = false;
    bool at_line_start_ = true;
    std::uint64_t line_ = 1;
    std::uint64_t size_ = 0;
    std::optional<FramingFault> fault_;
    std::optional<FramingFault> normalised_;
};

}  // namespace gatepost::server::smtp
