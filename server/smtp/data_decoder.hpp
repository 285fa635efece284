// The content of a message out of what follows 354 (RFC 5321 §4.1.1.4, §4.5.2): exactly CRLF "." CRLF ends
// it, the dot that was stuffed goes. Bare CR, bare LF and NUL (RFC 5321 §2.3.8, RFC 5322 §2.2) are reported
// with the line they stand in, and the true end is still found, so that the connection stays in step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

struct DataFault {
    enum class Kind { bare_cr, bare_lf, nul };
    Kind kind = Kind::bare_cr;
    std::uint64_t line = 0;  // of the content, from 1, lines counted by CRLF
    friend bool operator==(const DataFault&, const DataFault&) = default;
};

class DataDecoder {
  public:
    // Content over `size_limit` octets is counted and not stored.
    explicit DataDecoder(std::uint64_t size_limit) : size_limit_(size_limit) {}

    // Takes octets off the front of `input` and appends content to `content`. True once the end has been
    // seen: `input` then begins with what follows it, commands. Any chunking gives the same.
    bool decode(std::string_view& input, std::string& content);

    bool is_done() const { return state_ == State::done; }
    // Octets of content, those over the limit too; stuffed dots and the end itself do not count (RFC 1870
    // §3).
    std::uint64_t size() const { return size_; }
    bool is_over_limit() const { return size_ > size_limit_; }
    // The first one.
    const std::optional<DataFault>& fault() const { return fault_; }

  private:
    enum class State { line_start, inside, after_cr, after_dot, after_dot_cr, done };
    void step(char octet, std::string& content);
    void store(std::string_view octets, std::string& content);
    void store_run(std::string_view& input, std::string& content);
    void note(DataFault::Kind kind);

    std::uint64_t size_limit_;
    State state_ = State::line_start;
    std::uint64_t size_ = 0;
    std::uint64_t line_ = 1;
    std::optional<DataFault> fault_;
};

}  // namespace gatepost::server::smtp
