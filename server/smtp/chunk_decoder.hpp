// The content of a message out of BDAT chunks (RFC 3030 §2): a chunk is as many octets as its command says,
// there is no dot and no other end. What the octets may be is judged by content_framing as for DATA, across
// the borders of chunks.
#pragma once

#include "server/smtp/content_framing.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

// The argument of BDAT: chunk-size [ SP end-marker ].
struct ChunkHeader {
    std::uint64_t octets = 0;  // a number too big for the type is its greatest value
    bool last = false;
    bool well_formed = false;  // what follows the size is nothing, or LAST
};
// nullopt: no chunk-size, so that nobody knows where the chunk ends.
std::optional<ChunkHeader> parse_chunk_header(std::string_view argument);

// Counts the octets of one chunk off the input.
class ChunkReader {
  public:
    explicit ChunkReader(std::uint64_t octets) : left_(octets) {}
    // The chunk's octets at the front of `input`, taken off it.
    std::string_view take(std::string_view& input);
    bool is_done() const { return left_ == 0; }

  private:
    std::uint64_t left_;
};

// One message. begin_chunk() for each BDAT, then decode() until it gives true.
class ChunkDecoder {
  public:
    explicit ChunkDecoder(std::uint64_t size_limit, BareNewlines bare_newlines = BareNewlines::refused)
        : framing_(size_limit, bare_newlines) {}

    void begin_chunk(std::uint64_t octets, bool last);
    // Takes the chunk's octets off the front of `input` and appends content to `content`. True once the chunk
    // is whole: `input` then begins with the next command.
    bool decode(std::string_view& input, std::string& content);
    const ContentFraming& framing() const { return framing_; }

  private:
    ContentFraming framing_;
    ChunkReader chunk_{0};
    bool last_ = false;
};

}  // namespace gatepost::server::smtp
